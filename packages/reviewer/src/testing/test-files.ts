const NAME =
  /(?:[._-](?:test|tests|spec|specs|e2e|cy)\.[\w.]+$)|(?:^|\/)(?:test_[^/]*\.py|conftest\.py|[^/]*_test\.(?:py|go|exs?|rb|dart|cc|cpp)|[^/]*_spec\.rb|[^/]*(?:Test|Tests|Spec|IT)\.(?:java|kt|scala|cs|swift|php))$/;
const FOLDER = /(?:^|\/)(?:tests?|__tests__|specs?|e2e|__snapshots__|testdata)\//;

/** True for a file that tests are written in, or that they read: by its name, or by its folder. */
export function isTestPath(path: string): boolean {
  return NAME.test(path) || FOLDER.test(path);
}
