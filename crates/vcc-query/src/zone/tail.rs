use super::rule::Rule;

/// What holds after the last listed transition.
#[derive(Clone, Debug)]
pub(super) enum Tail {
    Fixed(i32),
    Yearly(Box<Rule>),
}
