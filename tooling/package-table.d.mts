/** The README's table of packages, as Markdown. */
export function packageTable(): string;
