//! Zimbra and Carbonio as source and destination of a migration.
