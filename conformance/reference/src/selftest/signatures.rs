use vcc_conformance_core::signatures::{Signature, text};

use super::matrix::{Matrix, Measured};

/// The cases that each defect fails, as `signatures.txt` has them.
#[must_use]
pub fn signatures(matrix: &Matrix) -> String {
    let signature = |row: &Measured| {
        let says = super::find(row.defect).map_or("", |(_, defect)| defect.says);
        Signature { defect: row.defect, family: row.family, says, symptoms: row.symptoms.clone() }
    };
    text(&matrix.rows.iter().map(signature).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use vcc_conformance_core::signatures::embedded;

    /// The suite reads the names and sentences of the defects from the file.
    #[test]
    fn the_embedded_signatures_are_those_of_the_defects() {
        let embedded = embedded();
        let measured = embedded.iter().map(|of| (of.defect, of.family, of.says));
        let defects = crate::selftest::defects();
        let defects = defects.map(|(family, defect)| (defect.name, family, defect.says));
        assert!(
            measured.eq(defects),
            "to write them anew: vcc-conformance selftest --signatures \
                 conformance/core/signatures.txt"
        );
    }
}
