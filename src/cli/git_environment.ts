/**
 * Variables that name a repository, or change what git takes for one: git sets them for aliases and hooks,
 * and every git that is started from there would look at that repository instead of the dataset or a
 * subdataset. `git rev-parse --local-env-vars` lists them, but for the configuration, which is the user's
 * word; those about pathspecs and attributes (git(1), gitattributes(5)) would change what is committed.
 */
const FORGOTTEN = [
  "GIT_ALTERNATE_OBJECT_DIRECTORIES",
  "GIT_ATTR_SOURCE",
  "GIT_COMMON_DIR",
  "GIT_CONFIG",
  "GIT_DIR",
  "GIT_GLOB_PATHSPECS",
  "GIT_GRAFT_FILE",
  "GIT_ICASE_PATHSPECS",
  "GIT_IMPLICIT_WORK_TREE",
  "GIT_INDEX_FILE",
  "GIT_INDEX_VERSION",
  "GIT_INTERNAL_SUPER_PREFIX",
  "GIT_LITERAL_PATHSPECS",
  "GIT_NAMESPACE",
  "GIT_NOGLOB_PATHSPECS",
  "GIT_NO_REPLACE_OBJECTS",
  "GIT_OBJECT_DIRECTORY",
  "GIT_PREFIX",
  "GIT_QUARANTINE_PATH",
  "GIT_REPLACE_REF_BASE",
  "GIT_SHALLOW_FILE",
  "GIT_WORK_TREE",
];
/** Where a shell looks without PATH: sh(1). */
const USUAL_PATH = "/usr/local/bin:/usr/bin:/bin";

/**
 * Takes out of this program's environment, and so out of that of all that it starts, what an alias or a
 * hook of git left there; gives it a PATH where it has none.
 */
export function forgetCaller(): void {
  for (const name of FORGOTTEN) Deno.env.delete(name);
  if ((Deno.env.get("PATH") ?? "") === "") Deno.env.set("PATH", USUAL_PATH);
}
