import { lines, type LabelledRequirements } from "./labelled.ts";

/** More that rules were written against: once held out, then learnt from. */
export const SECOND: LabelledRequirements = {
  clear: lines(`
The CSV export has a header row and one row for each invoice, ordered by number.
Block an account for one hour after ten wrong passwords in a row.
Replace the spinner in OrderList with a skeleton of five rows.
The webhook's signature is checked before its body is parsed; a wrong one gets 401.
Convert every amount in the ledger from floats to integers of cents, with a migration that runs both ways.
When the disk is full, the writer logs E_DISK once and stops taking jobs.
Tags are compared without regard to case: Foo and foo are the same tag.
Add a column last_seen to the users table and fill it from the sessions table.
The mobile menu closes when a link in it is tapped.
Delete src/legacy and everything that only it imports.
Two users who edit the same field get a conflict dialog that shows both values.
Set Cache-Control to no-store on every response under /account.
Retry a failed delivery after 1, 5 and 25 minutes, then move it to the dead letter queue.
The CLI exits with 2 and prints its usage when no file is given.
Show at most three notifications at once; older ones collapse into a counter.
Store times in UTC and show them in the viewer's time zone.
An admin can export the members of a team as vCard files, zipped.
Make useCart return the same object between renders while the cart does not change.
Turn the README's install steps into a script, bin/setup, that may be run twice.
The date picker refuses days before today and names the reason.
Bump the minimum Node version to 22 in package.json and in the CI matrix.
Fix the crash in parseHeader when the header has no colon.
Search ignores accents, so that "cafe" finds "café".
The worker takes jobs of one customer in the order in which they came.
Print the total of each page at its bottom and the grand total on the last one.
Translate the three strings in errors.ts into French and Dutch.
No query of the order list reads more than 100 rows.
A file that was moved keeps its history and its comments.
Let reviewers filter the queue by label, by author and by age in days.
Pin the base image to node:20.19-alpine and remove curl from it.
`),
  vague: lines(`
The system shall be user friendly.
The software shall respond quickly to requests of the operator.
The product shall be available most of the time.
The interface shall have standard menu buttons.
Reports shall be generated efficiently.
The platform shall support a sufficient number of concurrent users.
The device shall operate reliably under normal conditions.
Maximise the throughput of the ingest service.
The robot shall move at a safe speed.
Warn the driver well in advance when the battery runs low.
The game must be fun for beginners.
The classifier should give good results on typical inputs.
Model accuracy must be improved.
Alerts should be actionable.
The search must be smart about typos.
Our hosting costs need to come down.
Users should not have to wait.
Backups must be quick to restore.
Avoid technical debt.
Keep dependencies reasonably current.
The build takes too long, please look into it.
The legend is confusing, do something about it.
The client should cope with slow networks.
Nurses need easy access to patient records.
Harden the container as appropriate.
Come up with a better name for this module.
The installer ought to be as painless as possible.
Extend the test suite.
Include all the necessary metadata in the response.
Rewrite the tutorial so beginners find it approachable.
`),
};
