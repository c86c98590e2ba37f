import { basename, dirname, join, relative, resolve } from "node:path";
import { annexLinkAt } from "../annex/annexed_files.ts";
import type { Dataset } from "../datalad/dataset.ts";
import { RealFolders } from "../fs/real_folders.ts";
import type { CommandPlan } from "../jobs/job.ts";
import { parseArrayTasks } from "../jobs/job_id.ts";
import { isInside } from "../paths/root_paths.ts";
import { fixedLogPath } from "../slurm/log_paths.ts";
import { fillNames } from "../slurm/submission_details.ts";
import { expectFromCommand } from "./details_from_command.ts";
import type { WithEnvironment } from "./details_from_command.ts";

/** A command whose logs are looked for. */
export interface LoggingCommand extends Pick<CommandPlan, "command" | "directory"> {
  /**
   * The task of an array that it is for: with a number that one, with `of` a row of a table that will be one of
   * them; `null` for a job of its own, or all tasks of the array that it asks for.
   */
  readonly array: { readonly task?: number } | null;
}

/**
 * Finds the logs that jobs will write to and that are locked annexed files: those of earlier jobs, where the name of
 * a log does not depend on the job. Slurm ends a job whose log it cannot open, or, as root, writes through the link
 * into the annex.
 */
export class LockedLogs {
  readonly #dataset: Dataset;
  readonly #environment: WithEnvironment;
  readonly #folders = new RealFolders();
  /** How many rows have a pattern: as many tasks there will be at most. */
  readonly #rows = new Map<string, number>();

  /** Finds nothing yet. */
  constructor(dataset: Dataset, environment: WithEnvironment) {
    this.#dataset = dataset;
    this.#environment = environment;
  }

  /**
   * Looks where the jobs of a command will log.
   *
   * @returns paths relative to the root; nothing where the command does not tell that.
   */
  async find({ command, directory, array }: LoggingCommand): Promise<string[]> {
    const isTask = array !== null;
    const told = await expectFromCommand(command, directory, isTask, this.#environment);
    if (told === undefined) return [];
    const { stdout, stderr, folder, jobName, arrayTasks } = told.expected;
    const found = new Set<string>();
    for (const pattern of new Set([stdout, stderr ?? stdout])) {
      const filled = fillNames(pattern, jobName, this.#environment.env.get("USER"));
      const place = resolve(directory, folder, filled);
      for (const task of this.#tasksOf(place, array, arrayTasks)) {
        const path = fixedLogPath(place, task);
        if (path === undefined) break;
        const inside = this.#insideOf(path);
        if (inside !== undefined) found.add(inside);
      }
    }
    return await this.#lockedOf(found);
  }

  #tasksOf(
    pattern: string,
    array: LoggingCommand["array"],
    arrayTasks: string | null,
  ): readonly (number | null)[] {
    if (!/%[0-9]*a/.test(pattern)) return [null];
    if (array?.task !== undefined) return [array.task];
    if (array === null) return arrayTasks === null ? [null] : parseArrayTasks(arrayTasks);
    const row = this.#rows.get(pattern) ?? 0;
    this.#rows.set(pattern, row + 1);
    return [row];
  }

  /** Where git has a file, links resolved. */
  #insideOf(path: string): string | undefined {
    const folder = this.#folders.find(dirname(path));
    const inside = folder && relative(this.#dataset.root, join(folder, basename(path)));
    return inside !== undefined && isInside(inside) ? inside : undefined;
  }

  async #lockedOf(paths: ReadonlySet<string>): Promise<string[]> {
    const locked: string[] = [];
    for (const [folder, own] of Map.groupBy(paths, (path) => dirname(path))) {
      const links = own.length > MANY ? this.#linksIn(folder) : undefined;
      for (const path of own) {
        if (links?.has(basename(path)) === false) continue;
        if (await annexLinkAt(join(this.#dataset.root, path)) !== undefined) locked.push(path);
      }
    }
    return locked;
  }

  #linksIn(folder: string): Set<string> {
    const entries = [...Deno.readDirSync(join(this.#dataset.root, folder))];
    return new Set(entries.filter((entry) => entry.isSymlink).map(({ name }) => name));
  }
}

/** An array may have a hundred thousand tasks: for more logs than this a folder is read instead. */
const MANY = 100;
