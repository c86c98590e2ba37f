import { join } from "node:path";
import { addFiles } from "../../src/annex/add_files.ts";
import type { AddedFiles } from "../../src/annex/add_files.ts";
import { removeBackupLinks } from "../../src/annex/backup_links.ts";
import { Git } from "../../src/git/git.ts";
import { GitConfig, readGitConfig } from "../../src/git/git_config.ts";
import { requireIdentities } from "../../src/git/identity.ts";
import { openRepository } from "../../src/git/repository.ts";
import type { Sandbox } from "../support/sandbox.ts";
import { SandboxRunner } from "../support/sandbox_runner.ts";

/** Two copies of one repository with the same files, so that they can be added in two ways. */
export class Twins {
  readonly #sandbox: Sandbox;
  /** Where our own code adds. */
  readonly ours: string;
  /** Where git-annex adds. */
  readonly theirs: string;

  private constructor(sandbox: Sandbox, name: string) {
    this.#sandbox = sandbox;
    this.ours = join(sandbox.root, `${name} ours`);
    this.theirs = join(sandbox.root, `${name} theirs`);
  }

  /**
   * Makes both.
   *
   * @param prepare a shell script that runs in the new repository before its first commit.
   * @param fill a shell script that writes the files to be added, the same each time.
   */
  static async create(
    sandbox: Sandbox,
    name: string,
    prepare: string,
    fill: string,
  ): Promise<Twins> {
    const twins = new Twins(sandbox, name);
    await sandbox.require(["git", "init", "--quiet", twins.theirs]);
    const script = `set -e\ngit annex init --quiet here\n${prepare}\n` +
      `git add . && git commit --quiet --allow-empty -m first\n${fill}\n`;
    // A file: what is written may be longer than an argument can be.
    await Deno.writeTextFile(`${twins.theirs}.sh`, script);
    await sandbox.require(["sh", `${twins.theirs}.sh`], { cwd: twins.theirs });
    await sandbox.require(["cp", "-a", twins.theirs, twins.ours]);
    return twins;
  }

  /** Adds `paths` with our own code. */
  async addOurs(paths: readonly string[]): Promise<AddedFiles> {
    const runner = new SandboxRunner(this.#sandbox);
    const repository = await openRepository(runner, this.ours);
    const git = new Git(runner, this.ours);
    const annex = {
      ...repository,
      config: new GitConfig(await readGitConfig(git)),
      runner,
      identities: await requireIdentities(git),
      signal: new AbortController().signal,
    };
    const added = await addFiles(annex, paths);
    await added.locationLog;
    await removeBackupLinks(annex);
    return added;
  }

  /** Adds everything below `folder` with git-annex. */
  async addTheirs(folder: string): Promise<void> {
    await this.#run(this.theirs, ["git", "-c", "annex.dotfiles=true", "annex", "add", folder]);
  }

  /** Untracked and changed paths of our twin below `folder`, as finish finds them. */
  async findPaths(folder: string): Promise<string[]> {
    const args = ["ls-files", "-z", "--others", "--modified", "--exclude-standard", "--", folder];
    const { stdoutBytes } = await this.#sandbox.run(["git", ...args], { cwd: this.ours });
    const { splitNul, decodePath } = await import("../../src/git/path_bytes.ts");
    return [...new Set([...splitNul(stdoutBytes)].map(decodePath))];
  }

  /** Everything by which the two could be told apart, but for inode numbers and the time of adding. */
  async describe(root: string): Promise<Readonly<Record<string, string>>> {
    const script = (text: string) => this.#run(root, ["sh", "-c", text]);
    return {
      staged: await this.#run(root, ["git", "ls-files", "-s"]),
      status: await this.#run(root, ["git", "status", "--porcelain"]),
      files: await script(
        "find . -path ./.git -prune -o -type d -printf '%p %y %m\\n' " + // as old as its last change
          "-o -newermt '1 day ago' -printf '%p %y %m %s %l new\\n' " + // twins are made one by one
          "-o -printf '%p %y %m %s %l %T+\\n' | sort",
      ),
      objects: await script(
        "cd .git/annex/objects 2>/dev/null || exit 0; find . -printf '%p %y %m %n\\n' | sort; " +
          "find . -type f -exec sha1sum {} + | sort",
      ),
      // `1286904300.5s 1 UUID`: the time is not the same.
      logs: await script(
        "git ls-tree -r --name-only git-annex | sort | while read -r log; do " +
          'echo "$log"; git cat-file blob "git-annex:$log" | sed "s/^[0-9.]*s //"; done',
      ),
      journal: await script("ls .git/annex/journal"),
      whereis: await script("git annex whereis --json . | sed 's/\"seconds\":[^,]*//' | sort"),
      present: await script("git annex find . | sort; git annex find --not --in here . | sort"),
      info: await script("git annex info --json --fast . | tr ',' '\\n' | grep -v path"),
      fsck: await script("git annex fsck --json . | grep -v '\"success\":true' || true"),
    };
  }

  async #run(cwd: string, argv: readonly [string, ...string[]]): Promise<string> {
    return await this.#sandbox.require(argv, { cwd });
  }
}
