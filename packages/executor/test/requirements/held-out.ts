import { lines, type LabelledRequirements } from "./labelled.ts";

/** Those that no rule was written against. */
export const HELD_OUT: LabelledRequirements = {
  clear: lines(`
Swiping a row to the left shows Archive; swiping it to the right marks it as read.
The alarm sounds within two seconds of the sensor's reading passing 80 degrees.
Consent is asked for before the first cookie is set, and a refusal sets none.
The container runs as user 10001 and with a read-only root file system.
Rows without a customer number go to rejects.csv with the reason in the last column.
Each heading on the page is one level below the one that contains it.
Offer a CSV and a PDF of every statement since the account was opened.
Rotate the signing key every 90 days; tokens signed by the former key stay valid for one day.
Move the French strings out of App.tsx into locales/fr.json.
Autosave the draft three seconds after the last keystroke.
If both flags are given, --quiet wins and a line on stderr says so.
Players that are idle for a minute are moved to the lobby.
The thermostat keeps its schedule when the power fails.
Show a dash in cells that have no value.
A tenant's invoices are readable by nobody outside that tenant.
Add a retry button to the offline banner.
Compute the checksum while the file is streamed, not afterwards.
Replace every use of any in packages/api with a type that the schema generates.
Patients are listed by surname, then by date of birth.
The linter fails the build when a file imports from a package that its own package.json does not name.
Undo brings back the last deleted card, in its former column and place.
Drop support for TLS 1.0 and 1.1.
The installer leaves an existing configuration file alone and writes the new one beside it as .new.
Have the scheduler skip a run whose predecessor has not ended.
Document each exit code in the manual page.
Round half up when a tax amount has a fraction of a cent.
Comments can be edited by their author for ten minutes.
Pressing Escape in the search field clears it and gives the focus back to the list.
Convert the fixture files from XML to JSON and delete the XML parser.
The firmware refuses an update whose version is older than the installed one.
`),
  vague: lines(`
The photos should look great on every phone.
Scrolling feels janky, please make it buttery smooth.
Our alerts are too noisy.
The manual needs to be comprehensible for non-experts.
Strengthen access control.
Comply with applicable law.
Data pipelines ought to be robust enough for production.
The CLI could use friendlier output.
Make the sensor readings more precise.
Deployments must not be a pain any more.
Use meaningful variable names throughout.
Support offline usage as far as feasible.
Keep the tone of the texts professional.
Improve how we deal with time zones.
The landing page should convert better.
Handle unexpected situations sensibly.
Provide an excellent developer experience.
Take performance into account.
The service should recover from outages automatically and gracefully.
Reorganise the repository in a more logical structure.
Cut down on boilerplate.
The map must display enough detail.
Pick a modern, well-supported charting library.
Guarantee that the experience is consistent across devices.
Let's make the settings screen less overwhelming.
The firmware should consume little power.
Write the tests that are missing.
Add the usual security headers and similar protections.
Prices should be kept up to date regularly.
Have a look at the memory leaks.
`),
};
