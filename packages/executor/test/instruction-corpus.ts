/** Instructions that a reviewer could judge. */
export const CLEAR: readonly string[] = `
Add a --json flag to the list command and print one object a line.
Port the date helpers from moment to date-fns and delete moment from package.json.
The endpoint returns 404 when the user does not exist.
Make the build reproducible: two builds of the same commit give the same hash.
Extract the SQL from handlers/*.ts into queries.ts.
Replace the deprecated substr calls with slice.
Rewrite README's install section for pnpm.
Keep the public API as it is.
Do not change public APIs.
Cover the error branch of parseDuration with a test.
Update the changelog with everything merged since v1.4.0.
Let the worker exit with code 3 when it waits for approval.
Run npm audit fix and commit the lockfile.
Investigate why test/login.test.ts is flaky and write down the cause in docs/flaky.md.
Convert all callbacks in lib/fs.js to promises.
Make sure that the migration can be run twice.
Return early if the list is empty.
The cache must be cleared when it is older than 5 minutes.
Handle SIGTERM: stop accepting connections and exit after open ones have ended.
Sort the output by name, then by size.
Create a function that takes a list and gives the most frequent element.
Fix the race between close() and write() in src/log.ts; add a test that fails without the fix.
Increase test coverage of src/queue.ts to 90%.
Make the header sticky.
Add better-sqlite3 as a dependency.
Enable fast refresh in vite.config.ts.
Use the well-known port 443.
Show a simple past tense form for each verb in the table.
Translate the safe mode screen into French.
Write the release notes for 2.0: one line for each merged pull request since v1.9.0.
Set the quality of the JPEG encoder to 85.
Add a clean script that removes dist and coverage.
Check the signature before the payload is parsed.
If the token has expired, refresh it once and repeat the request.
Name the new column created_at.
Remove some of the duplication between a.ts and b.ts by moving parse() to shared.ts.
Support Node 20, 22 and 24 in CI.
Explain in the doc comment of retry() when it throws.
Print a warning when more than one config file is found.
Make every exported function in src/math.ts pure.
Give the user a way to cancel: a Cancel button next to Save that closes the dialog without writing.
Only if DATABASE_URL is set, run the integration tests.
Store the last good configuration in .cache/config.json.
Test that a good signature passes and a bad one is refused.
Reduce the bundle: remove lodash and use the built-in methods.
Increase the pool size to 20.
Refactor parse() into lexer and parser with the same tests.
Add a good-first-issue label to .github/labels.yml.
Write the better-sqlite3 adapter.
Rework the schema so that an order has many items.
Simplify the regex in src/match.ts by removing the lookbehind.
Shut down within 5 seconds of SIGTERM.
Handle errors from fetch by retrying twice.
Follow the best practices described in docs/style.md.
Make it executable.
Fix the errors reported by tsc.
Fix issue 42.
Set a sensible default of 30 for the limit.
Make the tests independent of the time zone.
Create an endpoint to reduce an image to a thumbnail.
Log the user id and the duration of each request.
Show an error when the file is missing.
The list must be sorted.
The function is pure.
The service runs on port 8080.
All tests are green.
Escape user input before it goes into SQL.
Move on to the next file when one cannot be read.
Count words as the tool wc does.
Each row is at most 80 characters.
The CLI works without a network.
The parser is a class with one method.
Keep the order stable: equal elements stay as they were.
Let the button be disabled while the request runs.
`
  .trim()
  .split("\n");

/** Instructions that could be called done whatever was done. */
export const VAGUE: readonly string[] = `
Improve the code quality.
Make the app more modern.
Refactor the messy parts.
Optimize performance.
Make the UI look nice.
Handle errors gracefully.
Add proper logging.
Write good tests.
Ensure best practices are followed.
Make it production ready.
Update the docs accordingly.
Fix the bugs.
Make this scale.
Add appropriate validation.
Clean this up a bit.
Do what is necessary.
The system should be robust and easy to maintain.
Add error handling where needed.
Improve UX.
Tidy up the repository and so on.
Speed up the tests.
Make the onboarding smoother.
It should just work.
Use a reasonable timeout.
Refactor for clarity.
Support large files efficiently.
Do a good job on the parser.
Reduce technical debt.
Finish the rest.
Add various improvements.
Make the tests better.
Boost performance.
Ensure good performance.
Increase reliability.
The code should be clean.
Handle all edge cases.
Do the usual.
Make the dashboard look professional.
Write meaningful tests.
Use suitable names.
Fix all issues.
Try to make the API easier.
Make sure everything works as expected.
Make the layout flexible.
Improve it.
Perfect the design.
Add a few tests and make things faster.
Keep it simple.
Make the code more elegant.
Do whatever is needed to ship.
`
  .trim()
  .split("\n");
