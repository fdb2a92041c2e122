import type { MessagePort } from "node:worker_threads";

/** Where the thread finds the database. Paths are those of the modules that open it. */
export type KeeperDatabase =
  | {
      readonly kind: "local";
      readonly module: string;
      readonly path: string;
      readonly options: { readonly timeout: number; readonly encryptionKey?: string };
    }
  | { readonly kind: "remote"; readonly module: string; readonly url: string; readonly authToken?: string };

/** What the thread is started with. */
export interface KeeperData {
  readonly database: KeeperDatabase;
  readonly renew: string;
  readonly release: string;
  /** When the event loop of the thread that holds the leases last turned: milliseconds since 1970. */
  readonly tick: SharedArrayBuffer;
}

/** What the thread is told. A lease's cell holds its state (0 kept, 1 lost, 2 failed) and until when it is trusted. */
export type KeeperMessage =
  | {
      readonly type: "keep";
      readonly key: number;
      readonly id: string;
      readonly token: number;
      readonly ttl: number;
      readonly heartbeat: number;
      readonly cell: SharedArrayBuffer;
    }
  | { readonly type: "drop"; readonly key: number }
  | { readonly type: "close" };

/**
 * The program of the thread that renews leases. It is started from its source text, so it must name nothing outside
 * itself. It renews as long as the holder's event loop turns; when that was silent beyond the time to live of a lease,
 * the lease is given up.
 */
export function keeperThread(load: (path: string) => unknown, port: MessagePort, data: KeeperData): void {
  interface Native {
    prepare(sql: string): { run(values: readonly unknown[]): { readonly changes: number } };
    close(): void;
  }
  interface Client {
    execute(statement: {
      readonly sql: string;
      readonly args: unknown[];
    }): Promise<{ readonly rowsAffected: number }>;
    close(): void;
  }
  interface Connection {
    run(sql: string, values: unknown[]): Promise<number>;
    close(): void;
  }
  type Kept = Extract<KeeperMessage, { type: "keep" }> & { timer?: NodeJS.Timeout };

  const open = (): Connection => {
    const { database } = data;
    if (database.kind === "local") {
      const loaded = load(database.module) as (new (path: string, options: unknown) => Native) & {
        default?: never;
      };
      const native = new loaded(database.path, database.options);
      const prepared = new Map<string, ReturnType<Native["prepare"]>>();
      return {
        run: async (sql, values) => {
          const statement = prepared.get(sql) ?? native.prepare(sql);
          prepared.set(sql, statement);
          return statement.run(values).changes;
        },
        close: () => native.close(),
      };
    }
    const { createClient } = load(database.module) as { createClient(options: unknown): Client };
    const client = createClient({ url: database.url, authToken: database.authToken });
    return {
      run: async (sql, args) => (await client.execute({ sql, args })).rowsAffected,
      close: () => client.close(),
    };
  };

  const connection = open();
  const tick = new BigInt64Array(data.tick);
  const kept = new Map<number, Kept>();

  const end = (lease: Kept, state: bigint): void => {
    clearTimeout(lease.timer);
    if (kept.delete(lease.key)) Atomics.store(new BigInt64Array(lease.cell), 0, state);
  };

  const beat = async (lease: Kept): Promise<void> => {
    const { key, id, token, ttl, heartbeat } = lease;
    const cell = new BigInt64Array(lease.cell);
    const askedAt = Date.now();
    try {
      if (askedAt - Number(Atomics.load(tick, 0)) > ttl) {
        end(lease, 1n);
        await connection.run(data.release, [id, token]);
        return;
      }
      const renewed = await connection.run(data.renew, [ttl, id, token]);
      if (!kept.has(key)) return;
      if (renewed === 0) return end(lease, 1n);
      Atomics.store(cell, 1, BigInt(askedAt + ttl));
    } catch {
      // A locked file or a lost connection may pass: trust ends by itself, the holder then sees that it has failed.
      if (Date.now() >= Number(Atomics.load(cell, 1))) return end(lease, 2n);
    }
    lease.timer = setTimeout(() => void beat(lease), heartbeat);
  };

  port.on("message", (message: KeeperMessage) => {
    if (message.type === "keep") {
      const lease: Kept = { ...message };
      kept.set(lease.key, lease);
      void beat(lease);
    } else if (message.type === "drop") {
      clearTimeout(kept.get(message.key)?.timer);
      kept.delete(message.key);
    } else {
      for (const { timer } of kept.values()) clearTimeout(timer);
      kept.clear();
      connection.close();
      port.close();
    }
  });
}
