/// How to read the body of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// What the head says.
    AsSaid,
    /// Nothing (HEAD).
    None,
    /// Nothing (HEAD), which is checked by reading to the end of the connection.
    NoneToTheEnd,
}
