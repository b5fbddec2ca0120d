"""Which defects are switched on in this process."""

ACTIVE = set()


def on(*names):
    """Whether any of these defects is switched on."""
    return not ACTIVE.isdisjoint(names)
