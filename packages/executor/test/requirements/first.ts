import { lines, type LabelledRequirements } from "./labelled.ts";

/** The half that rules were written against. */
export const FIRST: LabelledRequirements = {
  clear: lines(`
When a visitor submits the signup form with an address that is already registered, show "This address is in use" under the field and keep the other values.
GET /orders?status=open returns only orders whose status is open, newest first, at most 50 a page.
Rate-limit POST /login to 5 attempts per address in 15 minutes; the sixth gets 429 with a Retry-After header.
Rename the table user_data to profiles and keep a view with the old name until 3.0.
Passwords are stored as argon2id hashes; no plain text appears in the logs.
Uploads above 25 MB are refused with 413 before the body is read.
Replace moment with Temporal in src/dates and keep every exported function's signature.
The nightly job deletes sessions that were last used more than 30 days ago.
Show prices with two decimals and the currency's symbol of the account's country.
As an editor I can restore any of the last ten versions of a page from its history tab.
If the payment provider times out, mark the order as pending and retry after 60 seconds, three times at most.
Write the audit log as JSON lines with the keys time, actor, action and target.
The import stops at the first malformed row and names its line number.
Run the integration tests against PostgreSQL 15 and 16 in CI.
Remove the feature flag new_checkout and the code behind its off branch.
Every button on the settings page has an accessible name.
Cache GET /catalog for ten minutes and drop the cache when an item is saved.
Let the --dry-run flag print the files that would be deleted and delete none.
Split server.ts: routes go to routes/, one file for each resource; no behaviour changes.
The p99 of the search endpoint stays below 300 ms at 200 requests per second on the staging data.
Draw the chart's axis from zero unless a value is negative.
Send the welcome mail once: a second confirmation of the same address sends nothing.
Lines longer than 120 characters are wrapped at the last space before the limit.
Make the job idempotent: running it twice on the same day inserts no row twice.
Give the quick-open dialog the shortcut Ctrl+P.
A deleted account can be restored for 14 days, after that its rows are gone from all tables.
Upgrade React from 18 to 19 and fix the type errors that this causes.
Explain in CONTRIBUTING.md how to run a single test.
Close the websocket with code 4401 when the token expires.
Count a view only if at least half of the video was on screen for two seconds.
`),
  vague: lines(`
The system should handle high load.
Support all major browsers.
Users must be notified in a timely manner.
Search results should be relevant.
Make error messages more helpful.
Modernise the frontend stack.
The new flow should feel natural.
Bring the legacy module up to standard.
Use sane defaults.
Log everything important.
It would be great if the export could be a bit less clunky.
Sanitise inputs as required.
Rethink the navigation.
Keep memory usage low.
Give the landing page some love.
Large files need to be supported.
Ensure data quality.
The app must work well on mobile.
Provide sufficient documentation for developers.
We need a more scalable architecture.
The dashboard should load fast enough.
Clean up the old code in the billing service.
Add validation to the forms where it makes sense.
Make the API more RESTful.
Minimise downtime during deployments.
Handle invalid input in a user-friendly way.
Various small fixes in the admin area.
The report should contain all relevant information.
Do some performance tuning on the database.
Refactor the authentication code so it is easier to maintain.
`),
};
