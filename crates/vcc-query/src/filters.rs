use crate::Filter;

/// The fields that a query compares, at most once each, in the documented order of fields. Most
/// queries compare one, which costs no allocation.
#[derive(Clone)]
pub(crate) enum Filters {
    One(Option<Filter>),
    Many(Vec<Filter>),
}

impl Filters {
    /// No constant: of one, the bytes that say nothing are copied too.
    #[inline(always)]
    pub(crate) fn none() -> Filters {
        Filters::One(None)
    }

    #[inline]
    pub(crate) fn as_slice(&self) -> &[Filter] {
        match self {
            Filters::One(filter) => filter.as_slice(),
            Filters::Many(filters) => filters,
        }
    }

    /// Inserts a filter in order. It replaces an earlier one of the same field.
    #[inline]
    pub(crate) fn put(&mut self, filter: Filter) {
        match self {
            Filters::One(place)
                if place.as_ref().is_none_or(|other| other.field == filter.field) =>
            {
                *place = Some(filter);
            }
            _ => self.put_beside(filter),
        }
    }

    fn put_beside(&mut self, filter: Filter) {
        let mut filters = match core::mem::replace(self, Filters::none()) {
            Filters::Many(filters) => filters,
            Filters::One(other) => {
                let mut filters = Vec::with_capacity(4);
                filters.extend(other);
                filters
            }
        };
        match filters.binary_search_by_key(&filter.field, |other| other.field) {
            Ok(at) => filters[at] = filter,
            Err(at) => filters.insert(at, filter),
        }
        *self = Filters::Many(filters);
    }
}
