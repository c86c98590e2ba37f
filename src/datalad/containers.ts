import { dirname, isAbsolute, join, normalize, relative, resolve } from "node:path";
import { isAnnexLink } from "../annex/annexed_files.ts";
import { UserError } from "../errors.ts";
import { lstatIfPresent } from "../fs/if_present.ts";
import { GitConfig } from "../git/git_config.ts";
import { isInside, isWithin, joinPath } from "../paths/root_paths.ts";
import { visibleLine } from "../process/visible_text.ts";
import { shellName } from "../shell/shell_name.ts";
import { realPathOfExisting } from "./claimed_path.ts";
import type { Dataset } from "./dataset.ts";
import { CONTAINERS, readDatasetConfig } from "./dataset_config.ts";
import { escapeBraces } from "./braces.ts";
import { escapePattern } from "./python_glob.ts";

/** `datalad.containers.NAME.image`; names have no period in them. */
const IMAGE_REGEXP = /^([^.]+)\.image$/;
/** At most so many names are told. */
const MOST_NAMED = 10;
/** A link to a link to a link … */
const MOST_LINKS = 10;

/** The names of the containers that are configured, sorted. */
export function containerNames(config: GitConfig): string[] {
  return [...config.withPrefix(CONTAINERS).keys()]
    .flatMap((name) => IMAGE_REGEXP.exec(name)?.[1] ?? [])
    .sort();
}

/** The subdataset that a container's name says, `.` for the dataset itself: `code/tools/fit` is of `code/tools`. */
export function folderOfContainer(name: string): string {
  return dirname(name);
}

/**
 * The image of a container that datalad-container has configured: a path in the dataset, or in the
 * installed subdataset that its name begins with. Nothing else of what is configured counts: a clone's
 * configuration is somebody else's, and `cmdexec` would be a program of their choice.
 *
 * @returns relative to the dataset's root; whether anything is there is not looked at.
 * @throws {UserError} `BAD_CONTAINER` if there is no such container, or its image is not in the dataset.
 */
export async function findContainerImage(dataset: Dataset, name: string): Promise<string> {
  const folder = folderOfContainer(name);
  const config = await configOf(dataset, folder, name);
  const image = config.get(`${CONTAINERS}${name.slice(name.lastIndexOf("/") + 1)}.image`);
  if (image === undefined) throw unknownContainer(name, folder, containerNames(config));
  const path = normalize(join(folder, image)).replace(/\/$/, "");
  const isOwn = image !== "" && !image.includes("\0") && !isAbsolute(image) && path !== folder &&
    isInside(path) && isWithin(folder, path);
  if (!isOwn || !await liesInside(dataset.root, path)) {
    throw new UserError(
      "BAD_CONTAINER",
      `Cannot use container "${name}": its image "${visibleLine(image)}" is not in the dataset` +
        (folder === "." ? "" : ` "${folder}"`),
      {
        unchanged: "No job was submitted",
        hint: "copy it into the dataset, or name it yourself: -x PATH",
      },
    );
  }
  return path;
}

/** A path as an extra input that stands for this file alone, whatever characters it holds. */
export function literalInput(path: string): string {
  return escapeBraces(escapePattern(path));
}

async function configOf(dataset: Dataset, folder: string, name: string): Promise<GitConfig> {
  if (folder === ".") return dataset.config;
  const root = join(dataset.root, folder);
  const isInstalled = !isAbsolute(folder) && isInside(normalize(folder)) &&
    isWithin(dataset.root, await realPathOfExisting(root)) &&
    await lstatIfPresent(join(root, ".git")) !== undefined;
  if (isInstalled) return new GitConfig(new Map(), await readDatasetConfig(root));
  throw new UserError(
    "BAD_CONTAINER",
    `Cannot use container "${name}": there is no installed subdataset "${folder}"`,
    { unchanged: "No job was submitted", hint: `datalad get -n ${shellName(folder)}` },
  );
}

/** Whether what is at a path, through all links, lies in the dataset; what is not there yet does. */
async function liesInside(root: string, path: string): Promise<boolean> {
  let file = join(root, path);
  for (let links = 0; links < MOST_LINKS; links++) {
    const folder = await realPathOfExisting(dirname(file));
    if (!isWithin(root, folder)) return false;
    if ((await lstatIfPresent(file))?.isSymlink !== true) return true;
    const link = await Deno.readLink(file);
    file = resolve(folder, link);
    if (!isWithin(root, file)) return false;
    // Of a worktree, and where the content is not here, git-annex's own folder is elsewhere.
    if (isAnnexLink(link) && relative(root, file).split("/").includes(".git")) return true;
  }
  return false;
}

function unknownContainer(name: string, folder: string, known: readonly string[]): UserError {
  const where = folder === "." ? "the dataset" : `the subdataset "${folder}"`;
  // Whoever made the dataset has chosen them.
  const names = known.map((each) => joinPath(folder, each)).filter((each) =>
    visibleLine(each) === each
  );
  const more = names.length - MOST_NAMED;
  return new UserError(
    "BAD_CONTAINER",
    `Cannot use container "${name}": ${where} has no container of that name configured`,
    {
      unchanged: "No job was submitted",
      hint: names.length === 0
        ? "datalad containers-add NAME --image PATH, or name the image yourself: -x PATH"
        : `there ${names.length === 1 ? "is" : "are"} ${names.slice(0, MOST_NAMED).join(", ")}${
          more > 0 ? ` and ${more} more` : ""
        }`,
    },
  );
}
