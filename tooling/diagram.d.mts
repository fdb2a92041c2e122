/** The packages and who knows whom, in mermaid's language. */
export function diagram(): string;
