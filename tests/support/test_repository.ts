import { join } from "node:path";
import type { AnnexRepository } from "../../src/annex/annex_repository.ts";
import { Git } from "../../src/git/git.ts";
import { GitConfig, readGitConfig } from "../../src/git/git_config.ts";
import { requireIdentities } from "../../src/git/identity.ts";
import { IndexLock } from "../../src/git/index_lock.ts";
import { openRepository } from "../../src/git/repository.ts";
import type { Repository } from "../../src/git/repository.ts";
import { SharedMode } from "../../src/fs/shared_mode.ts";
import { TestDataset } from "./datasets.ts";
import type { DatasetKind } from "./datasets.ts";
import { Sandbox } from "./sandbox.ts";
import { SandboxRunner } from "./sandbox_runner.ts";
import { TEST_PROCESS } from "./test_session.ts";

/** A repository of the real git in a sandbox, as the modules that work on it take it. */
export class TestRepository implements AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly dataset: TestDataset;
  /** Starts programs in the sandbox's environment. */
  readonly runner: SandboxRunner;
  readonly git: Git;

  private constructor(sandbox: Sandbox, dataset: TestDataset) {
    this.sandbox = sandbox;
    this.dataset = dataset;
    this.runner = new SandboxRunner(sandbox);
    this.git = new Git(this.runner, dataset.root);
  }

  /** Makes a repository whose only commit holds these files; to be held with `await using`. */
  static async create(
    files: Readonly<Record<string, string>> = { a: "1\n" },
    kind: DatasetKind = "plain git",
  ): Promise<TestRepository> {
    const sandbox = await Sandbox.create();
    return new TestRepository(sandbox, await TestDataset.create(sandbox, kind, files));
  }

  /** Root of the work tree, absolute. */
  get root(): string {
    return this.dataset.root;
  }

  /** The absolute path of something in the work tree. */
  at(path: string): string {
    return join(this.root, path);
  }

  /** Has files look as if they had been written long before git looked at them: it can tell them by their times. */
  async refreshIndex(...paths: readonly string[]): Promise<void> {
    for (const path of paths) await Deno.utime(this.at(path), 1_700_000_000, 1_700_000_000);
    await this.git.run(["update-index", "-q", "--really-refresh"]);
  }

  /** As the modules open it that need more than its git. */
  async open(): Promise<Repository> {
    return await openRepository(this.runner, this.root);
  }

  /** As git-annex's modules take it, with settings beside those of the repository. */
  async openAnnex(settings: Readonly<Record<string, string>> = {}): Promise<AnnexRepository> {
    const own = await readGitConfig(this.git);
    const set = Object.entries(settings).map(([name, value]) => [name, [value]] as const);
    return {
      ...await this.open(),
      git: this.git,
      config: new GitConfig(new Map([...own, ...set])),
      runner: this.runner,
      identities: await requireIdentities(this.git),
      signal: new AbortController().signal,
    };
  }

  /** Takes the lock of its index; to be held with `await using`. */
  async lockIndex(repository: Repository): Promise<IndexLock> {
    return await IndexLock.take(repository, {
      process: TEST_PROCESS,
      runner: this.runner,
      mode: SharedMode.UMASK,
      signal: new AbortController().signal,
    });
  }

  /** Commits all that is in the work tree; gives the commit's name. */
  async commit(message = "x"): Promise<string> {
    await this.dataset.git("add", "--all");
    await this.dataset.git("commit", "--quiet", "--allow-empty", "-m", message);
    return await this.dataset.git("rev-parse", "HEAD");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.sandbox[Symbol.asyncDispose]();
  }
}
