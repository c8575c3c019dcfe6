/** The server cannot start as it was told to, and the message says in one sentence what the operator has to change. */
export class SecuritySettingsError extends Error {}
