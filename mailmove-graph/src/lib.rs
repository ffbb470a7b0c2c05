//! Microsoft Graph as source and destination of a migration.
