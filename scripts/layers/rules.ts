/**
 * Which part of the program may import which.
 *
 * main → cli → commands → {jobs, slurm, git, annex, datalad, store, tables} → {process, fs} → errors
 *
 * and within commands {schedule, reschedule, finish} → {bulk, list} → extension → submit → commands itself
 *
 * @module
 */

/** What the modules of one layer may import, beside each other. */
export interface LayerRule {
  /** Names of layers. */
  readonly mayImport: readonly string[];
  /** Single modules of other layers. */
  readonly mayImportFiles?: readonly string[];
  /** Said with each violation. */
  readonly reason: string;
}

const BASE = ["process", "fs", "errors"];
const DOMAIN = ["jobs", "slurm", "git", "annex", "datalad", "store", "tables"];
const APART = "commands join slurm, git, annex and store; only datalad uses git and annex";

const DOWNWARDS = "of two commands at most one knows of the other";
const COMMANDS = [
  "commands/schedule",
  "commands/reschedule",
  "commands/finish",
  "commands/bulk",
  "commands/list",
  "commands/extension",
  "commands/submit",
];

/** A layer is a folder of src or of src/commands, `errors` is src/errors.ts, `main` is main.ts. */
export const LAYER_RULES: Readonly<Record<string, LayerRule>> = {
  main: { mayImport: ["cli"], reason: "main.ts starts the command line and does nothing else" },
  cli: {
    mayImport: [
      "commands",
      ...COMMANDS,
      "fake_slurm",
      "recordings",
      "manifest",
      ...DOMAIN,
      ...BASE,
    ],
    reason: "the command line is above everything but main.ts",
  },
  commands: {
    mayImport: [...DOMAIN, ...BASE],
    reason: "commands neither print nor know how they were called, and no real code uses the fake",
  },
  "commands/schedule": commandRule("bulk", "extension", "submit"),
  "commands/reschedule": commandRule("extension", "submit"),
  "commands/finish": commandRule("bulk", "list", "extension", "submit"),
  "commands/bulk": commandRule("submit"),
  "commands/list": commandRule(),
  "commands/extension": commandRule("submit"),
  "commands/submit": commandRule(),
  jobs: { mayImport: ["errors"], reason: "the domain is pure" },
  slurm: { mayImport: ["jobs", ...BASE], reason: APART },
  git: { mayImport: ["jobs", ...BASE], reason: APART },
  annex: { mayImport: ["jobs", ...BASE], reason: APART },
  store: { mayImport: ["jobs", ...BASE], reason: APART },
  tables: { mayImport: [...BASE], reason: "a table knows nothing of jobs" },
  datalad: { mayImport: ["git", "annex", "jobs", ...BASE], reason: APART },
  // deno-lint-ignore camelcase -- the name of the folder
  fake_slurm: {
    mayImport: BASE,
    mayImportFiles: ["src/store/open_store.ts"],
    reason: "the fake knows nothing of dlslurm, else it would share its mistakes",
  },
  recordings: {
    mayImport: BASE,
    reason: "recordings hold what any program asked, not only dlslurm",
  },
  fs: { mayImport: ["process", "errors"], reason: "files are below the domain" },
  process: { mayImport: ["errors"], reason: "child processes are below the domain" },
  errors: { mayImport: [], reason: "everything stands on errors.ts" },
  manifest: { mayImport: [], reason: "deno.json names the version" },
};

function commandRule(...folders: readonly string[]): LayerRule {
  const others = folders.map((folder) => `commands/${folder}`);
  return { mayImport: ["commands", ...others, ...DOMAIN, ...BASE], reason: DOWNWARDS };
}

/** The layer of a module by its path in the project, or `undefined` if no rule knows it. */
export function layerOf(path: string): string | undefined {
  if (path === "main.ts") return "main";
  if (path === "src/errors.ts") return "errors";
  if (path === "deno.json") return "manifest";
  const folder = /^src\/(commands\/[^/]+|[^/]+)\//.exec(path)?.[1];
  return folder !== undefined && folder in LAYER_RULES ? folder : undefined;
}
