/** How each connection to a local database is set. */
export const PRAGMAS = [
  "journal_mode = WAL",
  "foreign_keys = ON",
  "cache_size = -32000",
  "temp_store = MEMORY",
  // What is deleted from a page is overwritten there: `forget` with `hard` need not look through live pages for it.
  "secure_delete = FAST",
  // A large import must not leave a log of its size behind for good.
  "journal_size_limit = 67108864",
];
