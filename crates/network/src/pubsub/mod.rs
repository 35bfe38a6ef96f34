//! Messages by topic.
