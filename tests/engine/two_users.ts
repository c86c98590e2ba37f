import assert from "node:assert/strict";
import { join } from "node:path";
import { installBuiltFile, openToEverybody } from "../support/built_file.ts";
import type { DatasetKind } from "../support/datasets.ts";
import type { Outcome } from "../support/sandbox.ts";
import { EngineWorld, saidBy } from "./engine_world.ts";

/** A user of the machine, by ID: none of them has a name. */
type User = "ada" | "bob";

const USER_IDS: Readonly<Record<User, number>> = { ada: 4001, bob: 4002 };
/** The group that both are in, beside one of their own each. */
const LAB = 4100;

/** A dataset of ada's that bob may use, too, beside a scripted Slurm; needs the requirement "root". */
export class TwoUsers implements AsyncDisposable {
  readonly world: EngineWorld;
  /** What the users' files may be for others, as umask(2) takes it. */
  umask = "077";

  private constructor(world: EngineWorld) {
    this.world = world;
  }

  /**
   * Makes the dataset and both users' homes.
   *
   * @param sharing for core.sharedRepository; `undefined`: bob may look, and no more.
   */
  static async create(
    sharing: string | undefined,
    kind: DatasetKind = "plain git",
  ): Promise<TwoUsers> {
    const users = new TwoUsers(await EngineWorld.create({ "old/tracked.txt": "x\n" }, kind));
    const { world } = users;
    const { sandbox, root } = world;
    await installBuiltFile(sandbox);
    await openToEverybody(sandbox);
    if (sharing !== undefined) await world.git("config", "core.sharedRepository", sharing);
    for (const [name, id] of Object.entries(USER_IDS)) {
      const home = join(sandbox.root, name);
      await Deno.mkdir(home);
      const file = join(home, ".gitconfig");
      await Deno.copyFile(join(sandbox.home, ".gitconfig"), file);
      await sandbox.require(["git", "config", "-f", file, "safe.directory", "*"]);
      await sandbox.require(["chown", "-R", `${id}:${id}`, home]);
    }
    // root looks at what came of it.
    await sandbox.require(["git", "config", "--global", "safe.directory", "*"]);
    const rights = sharing === undefined ? "u+rwX,go+rX,go-w" : "ug+rwX,o-w";
    const script = 'chown -R "$1" . && chmod -R "$2" . && find . -type d -exec chmod g+s {} +';
    await sandbox.require(["sh", "-c", script, "sh", `${USER_IDS.ada}:${LAB}`, rights], {
      cwd: root,
    });
    return users;
  }

  /** Runs a program as one of the users, in the dataset. */
  async run(user: User, ...argv: readonly [string, ...string[]]): Promise<Outcome> {
    const id = String(USER_IDS[user]);
    const start = ["sh", "-c", 'umask "$1"; shift; exec "$@"', "sh", this.umask];
    return await this.world.sandbox.run(
      ["setpriv", "--reuid", id, "--regid", id, "--groups", String(LAB), ...start, ...argv],
      { cwd: this.world.root, env: { HOME: join(this.world.sandbox.root, user), USER: undefined } },
    );
  }

  /** Runs dlslurm as one of the users; it has to succeed. */
  async must(user: User, ...args: readonly string[]): Promise<Outcome> {
    const outcome = await this.run(user, "dlslurm", ...args);
    assert.equal(outcome.code, 0, `${user}: ${args.join(" ")}\n${saidBy(outcome)}`);
    return outcome;
  }

  /** Schedules a job as one of the users, and writes what it is to leave, for the group to read. */
  async runJob(user: User, output: string): Promise<string> {
    const { stdout } = await this.must(user, "schedule", "-o", output, "sbatch", "job.sh");
    await this.writeOutput(user, output);
    return /^Submitted batch job ([0-9]+)$/m.exec(stdout)![1]!;
  }

  /** Writes what a job of one of the users would leave. */
  async writeOutput(user: User, output: string): Promise<void> {
    await this.world.write(`${output}/result.txt`, `${user}\n`);
    const script = 'chown -R "$1" "$2" && chmod -R u=rwX,g=rwXs,o= "$2"';
    const owner = `${USER_IDS[user]}:${LAB}`;
    await this.world.sandbox.require(["sh", "-c", script, "sh", owner, output], {
      cwd: this.world.root,
    });
  }

  /**
   * What lies in `.git` and could not be changed by the group: objects apart, which nobody changes, and
   * what git-annex sees to.
   */
  async closedToGroup(): Promise<string[]> {
    const script =
      "find .git -path '*/objects/*' -prune -o -path .git/annex -prune -o -type l -prune -o " +
      "\\( -type d ! -perm -2070 -o -type f ! -perm -060 \\) -print | " +
      // Made by root, once and for all.
      "grep -vE '^\\.git/(hooks|description|COMMIT_EDITMSG|info)'";
    const { stdout } = await this.world.sandbox.run(["sh", "-c", script], { cwd: this.world.root });
    return stdout.split("\n").filter((line) => line !== "");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.world[Symbol.asyncDispose]();
  }
}
