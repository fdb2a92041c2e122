/** Bytes by the SHA-256 of their content. */
export interface BlobStore {
  /** Stores and gives the hash, hex. A known one is not stored again. */
  put(bytes: Uint8Array): Promise<string>;
  /** Throws `E_BLOB_GONE` when it is not there. */
  get(hash: string): Promise<Uint8Array>;
  has(hash: string): Promise<boolean>;
}
