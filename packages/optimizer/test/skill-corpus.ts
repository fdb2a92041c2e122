import type { Skill } from "@mnemosyne/core";

/** A task and the skills that a person who knows them all would load for it. */
export interface SkillTask {
  readonly task: string;
  readonly wants: readonly string[];
  readonly kind: "on-topic" | "near-miss" | "off-topic";
}

const skill = (name: string, description: string): Skill => ({
  name,
  description,
  path: `/skills/${name}/SKILL.md`,
  scope: "user",
});

/** Forty-four skills, described as their authors would. */
export const SKILLS: readonly Skill[] = [
  skill(
    "pdf-forms",
    "Fill in, merge, split and extract text and tables from PDF files. Use when the task mentions PDFs, forms or scanned documents.",
  ),
  skill(
    "spreadsheets",
    "Create and edit Excel workbooks (.xlsx) with formulas, charts and formatting. Use when the user wants a spreadsheet or works with xlsx or csv exports.",
  ),
  skill(
    "slide-decks",
    "Build PowerPoint presentations: layouts, speaker notes, templates. Use for .pptx files, slides and decks.",
  ),
  skill(
    "word-documents",
    "Write and edit Word documents (.docx) with tracked changes and comments. Not for PDFs or spreadsheets.",
  ),
  skill(
    "database-migrations",
    "Write and run SQL schema migrations without downtime. Use when tables, columns, indexes or constraints change.",
  ),
  skill(
    "sql-tuning",
    "Find slow queries with EXPLAIN and make them fast: indexes, joins, plans. Use when a query is slow or the database is under load.",
  ),
  skill(
    "test-repair",
    "Find why a unit or integration test fails and repair the code, not the test. Use when vitest, jest or pytest is red.",
  ),
  skill(
    "flaky-tests",
    "Track down tests that fail only sometimes: timing, order, shared state, randomness. Use for intermittent failures on CI.",
  ),
  skill(
    "browser-testing",
    "Drive a real browser with Playwright to check pages end to end, take screenshots and read console logs.",
  ),
  skill(
    "release-notes",
    "Write a changelog and release notes from git commits since the last tag. Use before publishing a version.",
  ),
  skill(
    "npm-publishing",
    "Publish packages to the npm registry: versions, provenance, dist-tags, access. Use when a package is to be released to npm.",
  ),
  skill(
    "accessibility",
    "Check web pages for WCAG problems: contrast, labels, keyboard focus, screen readers.",
  ),
  skill(
    "docker-images",
    "Build small container images with multi-stage Dockerfiles. Use when a Dockerfile is written or an image is too big.",
  ),
  skill(
    "kubernetes-deploys",
    "Deploy services to Kubernetes: manifests, Helm charts, rollouts, probes. Use when pods, clusters or Helm are mentioned.",
  ),
  skill(
    "terraform",
    "Describe cloud infrastructure as Terraform modules and plan changes safely. Use for AWS, GCP or Azure resources as code.",
  ),
  skill(
    "github-actions",
    "Write and debug GitHub Actions workflows: caching, matrices, secrets, permissions. Use for files below .github/workflows.",
  ),
  skill("api-design", "Design REST endpoints: resources, pagination, error responses, versioning, OpenAPI."),
  skill("graphql-schema", "Design GraphQL schemas and resolvers, and avoid N+1 loads with data loaders."),
  skill(
    "oauth-login",
    "Add sign-in with OAuth 2 and OpenID Connect: PKCE, refresh tokens, sessions. Use for login, logout and identity providers.",
  ),
  skill(
    "secrets-audit",
    "Search a repository and its history for leaked credentials, API keys and passwords, and rotate them.",
  ),
  skill(
    "dependency-updates",
    "Update third-party dependencies safely: read changelogs, fix breaking changes, refresh lockfiles. Use for npm audit findings and outdated packages.",
  ),
  skill(
    "typescript-strict",
    "Turn on strict TypeScript options step by step and remove any. Use for tsconfig and compiler errors.",
  ),
  skill(
    "react-components",
    "Build React components with hooks, state and accessible markup. Use for JSX and TSX user interfaces.",
  ),
  skill(
    "css-layout",
    "Lay out pages with CSS grid and flexbox, responsive breakpoints and dark mode. Use for styling and layout bugs.",
  ),
  skill(
    "web-performance",
    "Make pages load faster: Core Web Vitals, bundle size, lazy loading, images. Use when Lighthouse scores are bad.",
  ),
  skill(
    "memory-leaks",
    "Find memory leaks in Node.js processes with heap snapshots and allocation profiles. Use when the heap grows or a process is killed by OOM.",
  ),
  skill(
    "cpu-profiling",
    "Find hot functions with flame graphs and sampling profilers. Use when something burns CPU.",
  ),
  skill(
    "structured-logging",
    "Add structured logs with levels, correlation ids and redaction. Use when logs are unreadable or lack context.",
  ),
  skill(
    "opentelemetry",
    "Instrument services with OpenTelemetry traces, spans and metrics, and export them over OTLP.",
  ),
  skill("incident-postmortem", "Write blameless postmortems after an outage: timeline, causes, actions."),
  skill(
    "threat-modelling",
    "Model threats of a design with STRIDE: trust boundaries, attackers, mitigations. Use before security reviews.",
  ),
  skill(
    "data-cleaning",
    "Clean tabular data with pandas: missing values, duplicates, types, outliers. Use for messy csv data sets.",
  ),
  skill(
    "chart-making",
    "Draw charts with matplotlib or Vega: axes, colours, annotations. Use when data is to be plotted.",
  ),
  skill(
    "regex-writing",
    "Write and explain regular expressions, and test them against examples. Use for pattern matching and text extraction by pattern.",
  ),
  skill(
    "shell-scripts",
    "Write portable bash scripts that handle errors, quoting and traps. Use for .sh files.",
  ),
  skill("git-surgery", "Rewrite git history: interactive rebase, bisect, cherry-pick, recover lost commits."),
  skill(
    "merge-conflicts",
    "Resolve merge conflicts by understanding both sides. Use when git reports conflicts in a merge or rebase.",
  ),
  skill(
    "translation",
    "Translate user interface strings and keep placeholders and plural forms. Use for locale files and i18n.",
  ),
  skill(
    "email-templates",
    "Write HTML emails that render in Outlook and Gmail. Use for newsletters and transactional mail.",
  ),
  skill(
    "payment-checkout",
    "Integrate Stripe payments: checkout, webhooks, refunds, subscriptions. Use when money is charged.",
  ),
  skill(
    "rate-limiting",
    "Protect endpoints with rate limits, token buckets and backoff. Use when an API is abused or returns 429.",
  ),
  skill(
    "queue-workers",
    "Process background jobs with queues: retries, idempotency, dead letters. Use for BullMQ, SQS and workers.",
  ),
  skill(
    "mobile-release",
    "Build and submit iOS and Android apps to the App Store and Google Play: signing, TestFlight, screenshots.",
  ),
  skill("license-check", "Check the licences of dependencies against a policy and write a NOTICE file."),
];

const on = (task: string, ...wants: string[]): SkillTask => ({ task, wants, kind: "on-topic" });
const near = (task: string, ...wants: string[]): SkillTask => ({ task, wants, kind: "near-miss" });
const off = (task: string): SkillTask => ({ task, wants: [], kind: "off-topic" });

/**
 * Seventy-two tasks as people write them. Near-misses use words of a skill without needing it, or need its neighbour. The even
 * ones were looked at while the score was made; the odd ones judge it.
 */
export const TASKS: readonly SkillTask[] = [
  on("Extract the tables from the PDF invoices in docs/invoices and save them as JSON", "pdf-forms"),
  on("Merge the three scanned PDFs into one file", "pdf-forms"),
  on("Make an Excel workbook with the quarterly figures and a chart", "spreadsheets"),
  on("Add a column with formulas to budget.xlsx", "spreadsheets"),
  on("Turn this report into a PowerPoint deck with speaker notes", "slide-decks"),
  on("Make ten slides about the roadmap", "slide-decks"),
  on("Accept the tracked changes in contract.docx and answer the comments", "word-documents"),
  on("Add a nullable column and an index to the orders table with a migration", "database-migrations"),
  on("Write a schema migration that splits the users table", "database-migrations"),
  on("The dashboard query takes nine seconds; use EXPLAIN and make it fast", "sql-tuning"),
  on("Find out why our slowest SQL queries are slow", "sql-tuning"),
  on("Make the failing unit test pass without editing it", "test-repair"),
  on("pytest is red after the last change, find out why and repair it", "test-repair"),
  on("One of our tests fails only sometimes on CI, find the timing problem", "flaky-tests"),
  on("Get rid of the intermittent failures caused by shared state between tests", "flaky-tests"),
  on("Check the signup page end to end in a real browser with Playwright", "browser-testing"),
  on("Write the release notes for 2.0 from the git commits since the last tag", "release-notes"),
  on("Prepare the changelog for version 1.4", "release-notes"),
  on("Publish the package to npm with provenance", "npm-publishing"),
  on("Fix the contrast and keyboard focus problems that the WCAG audit found", "accessibility"),
  on("Screen readers do not announce the labels of our search form", "accessibility"),
  on("Shrink the container image with a multi-stage Dockerfile", "docker-images"),
  on("Write a Helm chart and readiness probes for the billing service", "kubernetes-deploys"),
  on("The rollout hangs because pods never become ready in the cluster", "kubernetes-deploys"),
  on("Describe the S3 buckets and the VPC on AWS as Terraform modules", "terraform"),
  on("The GitHub Actions workflow does not restore its cache, debug it", "github-actions"),
  on("Give the REST endpoints cursor pagination and proper error responses", "api-design"),
  on("The GraphQL resolvers load each author separately, avoid the N+1 loads", "graphql-schema"),
  on("Add sign-in with OpenID Connect and PKCE", "oauth-login"),
  on("Let users log in through Google with OAuth and keep their sessions", "oauth-login"),
  on("Search the git history for leaked API keys and passwords", "secrets-audit"),
  on("Update the outdated dependencies and fix what the npm audit reports", "dependency-updates"),
  on("Turn on strict in tsconfig and fix the compiler errors", "typescript-strict"),
  on("Build a React date picker component with hooks", "react-components"),
  on("The sidebar overlaps the content on small screens; repair the CSS grid layout", "css-layout"),
  on("Raise the Lighthouse score of the landing page, the bundle size is far too big", "web-performance"),
  on("The Node process is killed by OOM after two days, take heap snapshots", "memory-leaks"),
  on("Record a flame graph and tell which functions burn CPU", "cpu-profiling"),
  on("Add OpenTelemetry spans around the job runner and export traces over OTLP", "opentelemetry"),
  on("Write a blameless postmortem for Tuesday's outage", "incident-postmortem"),
  on("Clean the messy csv with pandas: duplicates and missing values", "data-cleaning"),
  on("Rebase the branch interactively and squash the commits, then bisect the regression", "git-surgery"),
  on("Resolve the merge conflicts in src/server.ts", "merge-conflicts"),
  on("Translate the strings of the locale files into French and keep the placeholders", "translation"),
  on("Integrate Stripe checkout with webhooks and refunds", "payment-checkout"),
  on("Submit the iOS app to TestFlight and the App Store", "mobile-release"),
  on("Retry failed background jobs and send poison ones to a dead letter queue", "queue-workers"),
  on("Add a token bucket so that the public API answers 429 when it is abused", "rate-limiting"),
  near("Write a regular expression that matches ISO dates and explain it", "regex-writing"),
  near("Convert contract.docx into clean markdown", "word-documents"),
  near("Plot the latency of each release with matplotlib and annotate the axes", "chart-making"),
  near("Rename the function parseTable to readTable everywhere"),
  near("The order of arguments in formatImage is confusing, swap them"),
  near("Add a comment that explains why the form component keeps its own state"),
  near("Write a bash script with traps that backs up the uploads folder", "shell-scripts"),
  near("Model the threats of the new upload design with STRIDE", "threat-modelling"),
  near("Say in the README which versions of Node are supported"),
  near("Move the pages folder below src and adjust the imports"),
  near("Give the user model a method that returns the full name"),
  near(
    "Check that every dependency's licence is on our policy list and write the NOTICE file",
    "license-check",
  ),
  off("Say hello to the world"),
  off("What is the capital of Australia?"),
  off("Write a poem about autumn leaves"),
  off("Suggest names for a grey kitten"),
  off("Plan a three day walking holiday in Wales"),
  off("Explain how a bill becomes law"),
  off("Add two numbers and print the sum"),
  off("Sort an array of strings by length"),
  off("Invent a bedtime story about a brave tortoise"),
  off("Convert miles to kilometres"),
  off("Summarise what this class does in one sentence"),
  off("Reverse a linked list"),
];
