/** Files of an export, by their path within its folder. */
export type Files = Readonly<Record<string, string | Uint8Array>>;
