/**
 * Which part of the program may import which.
 *
 * main → cli → commands/X → {crate → provenance, submit, commit, waiting} → extension → claims
 *      → {datalad, slurm, store, tables} → {annex → {git, sqlite}, session} → jobs → {fs, process, paths, shell} → errors
 *
 * Each may skip what it does not need; none may import upwards.
 *
 * and within fake_slurm itself → adapter → manager → scenario → its context.ts
 *
 * @module
 */

/** What the modules of one layer may import, beside each other. */
interface LayerRule {
  /** Names of layers. */
  readonly mayImport: readonly string[];
  /** Single modules of other layers. */
  readonly mayImportFiles?: readonly string[];
  /** Said with each violation. */
  readonly reason: string;
}

const BASE = ["process", "shell", "fs", "paths", "errors"];
const PLUMBING = ["annex", "git", "sqlite", "jobs", "session"];
const DOMAIN = ["datalad", "slurm", "store"];
const ENGINES = [
  "crate",
  "report",
  "report/page",
  "provenance",
  "submit",
  "submit/retry",
  "submit/rows",
  "submit/finishing",
  "commit",
  "extension",
  "handover",
  "waiting",
  "worktrees",
  "notify",
  "claims",
];

const NO_PRINTING = "engines neither print nor know options, and no real code uses the fake";
const FAKE_ALONE = "the fake knows nothing of dlslurm, else it would share its mistakes";
/** What every room of the fake may know: streams, environment and how a program refuses. */
const FAKE_CONTEXT = "src/fake_slurm/context.ts";

const DOWNWARDS = "of two commands at most one knows of the other";

/**
 * A layer is a folder of src, of src/commands, or one that is named here by its path; `errors` is
 * src/errors.ts, `main` is main.ts.
 */
export const LAYER_RULES: Readonly<Record<string, LayerRule>> = {
  main: { mayImport: ["cli"], reason: "main.ts starts the command line and does nothing else" },
  cli: {
    mayImport: [
      "commands",
      ...[
        "schedule",
        "finish",
        "reschedule",
        "list",
        "show",
        "verify",
        "compare",
        "export",
        "report",
        "wait",
        "recover",
        "adopt",
        "handover",
        "retry",
        "doctor",
      ].map((name) => `commands/${name}`),
      ...["fake_slurm", "recordings", "manifest", "guides"],
      ...ENGINES,
      ...DOMAIN,
      ...PLUMBING,
      ...BASE,
    ],
    reason: "the command line is above everything but main.ts",
  },
  commands: {
    mayImport: ["session", "datalad", "errors"],
    reason: "what all commands have in common",
  },
  "commands/jobs": command(),
  "commands/schedule": command(),
  "commands/finish": command("jobs", "list"),
  "commands/reschedule": command(),
  "commands/list": command("jobs"),
  "commands/wait": command("jobs"),
  "commands/show": command(),
  "commands/verify": command("reschedule", "finish"),
  "commands/compare": command(),
  "commands/export": command(),
  "commands/report": command(),
  "commands/recover": command(),
  "commands/adopt": command(),
  "commands/handover": command(),
  "commands/retry": command(),
  "commands/doctor": command(),
  crate: { mayImport: ["provenance", ...DOMAIN, ...PLUMBING, ...BASE], reason: NO_PRINTING },
  report: {
    mayImport: ["report/page", "provenance", "commit", "claims", ...DOMAIN, ...PLUMBING, ...BASE],
    reason: NO_PRINTING,
  },
  "report/page": {
    mayImport: ["jobs", "process", "errors"],
    mayImportFiles: ["src/report/report.ts", "src/report/figures.ts"],
    reason: "a page is made of a report, whoever gathered it",
  },
  provenance: { mayImport: ["claims", ...DOMAIN, ...PLUMBING, ...BASE], reason: NO_PRINTING },
  "submit/rows": {
    mayImport: ["submit", "claims", "tables", ...DOMAIN, ...PLUMBING, ...BASE],
    reason: NO_PRINTING,
  },
  "submit/finishing": {
    mayImport: ["claims", ...DOMAIN, ...PLUMBING, ...BASE],
    reason: NO_PRINTING,
  },
  "submit/retry": {
    mayImport: ["submit", "claims", ...DOMAIN, ...PLUMBING, ...BASE],
    reason: NO_PRINTING,
  },
  submit: { mayImport: ["claims", ...DOMAIN, ...PLUMBING, ...BASE], reason: NO_PRINTING },
  commit: { mayImport: ["claims", ...DOMAIN, ...PLUMBING, ...BASE], reason: NO_PRINTING },
  extension: { mayImport: ["claims", ...DOMAIN, ...PLUMBING, ...BASE], reason: NO_PRINTING },
  handover: { mayImport: ["claims", ...DOMAIN, ...PLUMBING, ...BASE], reason: NO_PRINTING },
  waiting: { mayImport: [...DOMAIN, ...PLUMBING, ...BASE], reason: NO_PRINTING },
  worktrees: { mayImport: [...DOMAIN, ...PLUMBING, ...BASE], reason: NO_PRINTING },
  notify: { mayImport: ["session", "process", "errors"], reason: NO_PRINTING },
  claims: { mayImport: [...DOMAIN, ...PLUMBING, ...BASE], reason: NO_PRINTING },
  datalad: {
    mayImport: [...PLUMBING, ...BASE],
    reason: "a dataset knows neither Slurm nor the store",
  },
  slurm: { mayImport: ["jobs", "session", ...BASE], reason: "Slurm's words know no repository" },
  store: { mayImport: ["sqlite", "jobs", ...BASE], reason: "the store knows jobs, not datasets" },
  tables: { mayImport: BASE, reason: "a table knows nothing of jobs" },
  annex: {
    mayImport: ["git", "sqlite", "jobs", ...BASE],
    reason: "git-annex stands on git, and SQLite takes locks that git-annex heeds",
  },
  git: { mayImport: ["jobs", ...BASE], reason: "git is plumbing" },
  sqlite: { mayImport: BASE, reason: "a database knows nothing of what it holds" },
  session: {
    mayImport: ["jobs", "process", "errors"],
    reason: "a session names what engines need",
  },
  jobs: { mayImport: ["paths", "errors"], reason: "the domain is pure" },
  // deno-lint-ignore camelcase -- the name of the folder
  fake_slurm: {
    mayImport: ["fake_slurm/adapter", "fake_slurm/manager", "fake_slurm/scenario", ...BASE],
    reason: FAKE_ALONE,
  },
  "fake_slurm/adapter": {
    mayImport: ["fake_slurm/manager", "fake_slurm/scenario", ...BASE],
    mayImportFiles: [FAKE_CONTEXT],
    reason: "Slurm's command lines and texts stand on the jobs, and only the jobs on SQLite",
  },
  "fake_slurm/manager": {
    mayImport: ["fake_slurm/scenario", "sqlite", ...BASE],
    mayImportFiles: [FAKE_CONTEXT],
    reason: "the jobs know nothing of how they are shown",
  },
  "fake_slurm/scenario": {
    mayImport: BASE,
    mayImportFiles: [FAKE_CONTEXT],
    reason: "what goes wrong on purpose is said before there is a job",
  },
  recordings: {
    mayImport: BASE,
    reason: "recordings hold what any program asked, not only dlslurm",
  },
  fs: { mayImport: ["process", "paths", "errors"], reason: "files are below the domain" },
  process: { mayImport: ["shell", "errors"], reason: "child processes are below the domain" },
  shell: { mayImport: [], reason: "what a shell reads is text" },
  paths: { mayImport: [], reason: "paths are text" },
  errors: { mayImport: [], reason: "everything stands on errors.ts" },
  manifest: { mayImport: [], reason: "deno.json names the version" },
  guides: { mayImport: [], reason: "docs: what dlslurm help shows is text" },
};

function command(...others: readonly string[]): LayerRule {
  return {
    mayImport: [
      "commands",
      ...others.map((name) => `commands/${name}`),
      ...ENGINES,
      "tables",
      ...DOMAIN,
      ...PLUMBING,
      ...BASE,
    ],
    reason: DOWNWARDS,
  };
}

/** The layer of a module by its path in the project, or `undefined` if no rule knows it. */
export function layerOf(path: string): string | undefined {
  if (path === "main.ts") return "main";
  if (path === "src/errors.ts") return "errors";
  if (path === "deno.json") return "manifest";
  if (/^docs\/.*\.md$/.test(path)) return "guides";
  const [, first, second] = /^src\/([^/]+)\/(?:([^/]+)\/)?/.exec(path) ?? [];
  // Every command and every room of the fake has a rule of its own; of other folders those that are named.
  const isSplit = first === "commands" || first === "fake_slurm";
  return [`${first}/${second}`, isSplit && second ? "" : first]
    .find((name) => name !== undefined && Object.hasOwn(LAYER_RULES, name));
}
