// The yardstick: the native driver with statements prepared once, written by hand for exactly these calls.
import Database from "libsql";

const COLUMNS =
  "uuid, content, summary, namespace, importance, keywords, tags, context, confidence, created_at, updated_at, version";

/** Opens a database with a table of twelve columns and a text index over the same text as ours. */
export function openRaw(path, synchronous) {
  const db = new Database(path, { timeout: 5000 });
  for (const pragma of [
    "journal_mode = WAL",
    `synchronous = ${synchronous}`,
    "cache_size = -32000",
    "temp_store = MEMORY",
  ])
    db.exec(`PRAGMA ${pragma}`);
  db.exec(`CREATE TABLE memories (id INTEGER PRIMARY KEY AUTOINCREMENT, uuid TEXT NOT NULL UNIQUE, content TEXT NOT NULL,
      summary TEXT NOT NULL, namespace TEXT NOT NULL, importance INTEGER NOT NULL, keywords TEXT NOT NULL, tags TEXT NOT NULL,
      context TEXT NOT NULL, confidence REAL NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
      version INTEGER NOT NULL);
    CREATE INDEX recent ON memories (namespace, created_at);
    CREATE VIRTUAL TABLE words USING fts5 (content, context, meta, content = '', contentless_delete = 1,
      tokenize = 'porter unicode61 remove_diacritics 2');
    INSERT INTO words (words, rank) VALUES ('rank', 'bm25(1.0, 0.4, 1.0)')`);
  const insert = db.prepare(`INSERT INTO memories (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  const insertWords = db.prepare(
    "INSERT INTO words (rowid, content, context, meta) VALUES (last_insert_rowid(), ?, '', ?)",
  );
  const get = db.prepare(`SELECT ${COLUMNS} FROM memories WHERE uuid = ?`).raw(true);
  const list = db
    .prepare(`SELECT ${COLUMNS} FROM memories WHERE namespace = ? ORDER BY created_at DESC LIMIT 20`)
    .raw(true);
  const search = db
    .prepare(
      `SELECT ${COLUMNS.split(", ")
        .map((column) => `m.${column}`)
        .join(", ")}, f.rank
       FROM (SELECT rowid, rank FROM words WHERE words MATCH ? ORDER BY rank LIMIT 10) f
       JOIN memories m ON m.id = f.rowid ORDER BY f.rank`,
    )
    .raw(true);
  const appendEvent = () => {
    db.exec(
      "CREATE TABLE events (run INTEGER, seq INTEGER, body TEXT NOT NULL, PRIMARY KEY (run, seq)) WITHOUT ROWID",
    );
    return db.prepare("INSERT INTO events VALUES (?, ?, ?)");
  };
  const write = (uuid, input, now) => {
    insert.run([
      uuid,
      input.content,
      input.summary,
      input.namespace,
      input.importance,
      JSON.stringify(input.keywords),
      JSON.stringify(input.tags),
      input.context,
      input.confidence,
      now,
      now,
      1,
    ]);
    insertWords.run([
      input.content,
      `${input.tags.join(" ")}\n${input.keywords.join(" ")}\n${input.summary}\n${input.context}`,
    ]);
  };
  const transaction = (work) => {
    db.exec("BEGIN IMMEDIATE");
    work();
    db.exec("COMMIT");
  };
  return {
    db,
    appendEvent,
    transaction,
    write,
    store: (uuid, input) => transaction(() => write(uuid, input, Date.now())),
    get: (uuid) => memoryOf(get.get([uuid])),
    list: () => list.all(["project:bench"]).map(memoryOf),
    search: (words) => search.all([words.map((word) => `"${word}"`).join(" OR ")]).map(memoryOf),
  };
}

function memoryOf(row) {
  return {
    id: row[0],
    content: row[1],
    summary: row[2],
    namespace: row[3],
    importance: row[4],
    keywords: JSON.parse(row[5]),
    tags: JSON.parse(row[6]),
    context: row[7],
    confidence: row[8],
    createdAt: row[9],
    updatedAt: row[10],
    version: row[11],
  };
}
