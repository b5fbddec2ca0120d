use core::fmt;

/// The kind of a call, read from the channel of its recording (CALL-1, CALL-2, CALL-3).
///
/// The type is open: later editions of the documentation may name further kinds, and servers may send
/// them already. Such a kind is kept with its name.
///
/// ```
/// use vcc_types::{CallType, Field, Recording};
///
/// let call_type = |channel| Recording::new().with(Field::Channel, channel).call_type();
/// assert_eq!(call_type("#virtual_daa#"), CallType::DirectAgentAccess);
/// // Letter case counts, and a kind stands between two signs.
/// assert_eq!(call_type("#Virtual_DAA#"), CallType::Other("Virtual_DAA".into()));
/// assert_eq!(call_type("#5551234"), CallType::Inbound);
/// assert_eq!(Recording::new().call_type(), CallType::Inbound);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum CallType {
    /// Somebody called a number of the contact center. The channel is the number that was called,
    /// the phone number is the caller's, queue id and name are the queue's (CALL-3).
    Inbound,
    /// An agent called out: channel `#virtual_outbound#`, queue id and name `QUEUE_OUTBOUND`, the
    /// phone number is the one that was dialled (CALL-1).
    Outbound,
    /// Somebody called an agent directly: channel `#virtual_daa#`, queue id and name
    /// `QUEUE_DIRECT_AGENT_ACCESS`, the phone number is the caller's (CALL-2).
    DirectAgentAccess,
    /// Another channel of the form `#…#`; the text between the signs (CALL-3).
    Other(Box<str>),
}

impl CallType {
    /// The channel of every outbound call (CALL-1).
    pub const OUTBOUND_CHANNEL: &'static str = "#virtual_outbound#";
    /// The channel of every direct call to an agent (CALL-2).
    pub const DIRECT_AGENT_ACCESS_CHANNEL: &'static str = "#virtual_daa#";
    /// Queue id and queue name of every outbound call (CALL-1).
    pub const OUTBOUND_QUEUE: &'static str = "QUEUE_OUTBOUND";
    /// Queue id and queue name of every direct call to an agent (CALL-2).
    pub const DIRECT_AGENT_ACCESS_QUEUE: &'static str = "QUEUE_DIRECT_AGENT_ACCESS";

    /// The kind of call that a channel stands for. Every text stands for one.
    ///
    /// ```
    /// use vcc_types::CallType;
    ///
    /// assert_eq!(CallType::from_channel("8005551234"), CallType::Inbound);
    /// assert_eq!(CallType::from_channel("#virtual_outbound#"), CallType::Outbound);
    /// assert_eq!(CallType::from_channel("#busy#"), CallType::Other("busy".into()));
    /// ```
    #[must_use]
    pub fn from_channel(channel: &str) -> CallType {
        match channel {
            Self::OUTBOUND_CHANNEL => CallType::Outbound,
            Self::DIRECT_AGENT_ACCESS_CHANNEL => CallType::DirectAgentAccess,
            _ => match channel.strip_prefix('#').and_then(|rest| rest.strip_suffix('#')) {
                Some(name) if !name.is_empty() => CallType::Other(name.into()),
                _ => CallType::Inbound,
            },
        }
    }
}

impl fmt::Display for CallType {
    /// Writes the kind in words; another kind by its name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            CallType::Inbound => "inbound",
            CallType::Outbound => "outbound",
            CallType::DirectAgentAccess => "direct agent access",
            CallType::Other(name) => name,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_and_their_kinds() {
        for (channel, kind) in [
            ("8005551234", "inbound"),
            ("", "inbound"),
            ("#", "inbound"),
            ("##", "inbound"),
            ("#5551234", "inbound"),
            ("#virtual_outbound#", "outbound"),
            ("#Virtual_Outbound#", "Virtual_Outbound"),
            (" #virtual_outbound#", "inbound"),
            ("#virtual_daa#", "direct agent access"),
            ("#virtual_busy#", "virtual_busy"),
            ("#a#b#", "a#b"),
        ] {
            assert_eq!(CallType::from_channel(channel).to_string(), kind, "{channel:?}");
        }
    }
}
