import type { Migration } from "./migration.ts";

/** Playbooks with their history. Code of version 4 does not know these tables and cannot harm them. */
export const playbooksMigration: Migration = {
  version: 5,
  minimumWriter: 4,
  statements: [
    `CREATE TABLE playbooks (
      namespace text PRIMARY KEY NOT NULL,
      version integer NOT NULL,
      next_id integer NOT NULL
    ) WITHOUT ROWID`,
    `CREATE TABLE playbook_items (
      namespace text NOT NULL,
      item text NOT NULL,
      body text NOT NULL,
      PRIMARY KEY (namespace, item)
    ) WITHOUT ROWID`,
    `CREATE TABLE playbook_changes (
      namespace text NOT NULL,
      version integer NOT NULL,
      at integer NOT NULL,
      run text,
      key text,
      body text NOT NULL,
      PRIMARY KEY (namespace, version)
    ) WITHOUT ROWID`,
    "CREATE UNIQUE INDEX playbook_changes_key ON playbook_changes (namespace, key) WHERE key IS NOT NULL",
  ],
};
