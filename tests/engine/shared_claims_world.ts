import { join } from "node:path";
import { EngineWorld } from "./engine_world.ts";

/** The clones of a {@linkcode SharingClones}. */
export type CloneName = "ann" | "ben";

/** Two clones of one dataset and a bare repository between them, beside one Slurm. */
export class SharingClones implements AsyncDisposable {
  readonly world: EngineWorld;
  readonly remote: string;
  readonly #folder: string;

  private constructor(world: EngineWorld) {
    this.world = world;
    this.#folder = world.sandbox.root;
    this.remote = join(this.#folder, "remote.git");
  }

  /** Makes the clones; those that are named share their claims. */
  static async create(...sharing: readonly CloneName[]): Promise<SharingClones> {
    const clones = new SharingClones(await EngineWorld.create({ "old/tracked.txt": "x\n" }));
    const { world } = clones;
    await world.git("clone", "--quiet", "--bare", ".", clones.remote);
    for (const name of ["ann", "ben"]) {
      await world.git("clone", "--quiet", clones.remote, join(world.sandbox.root, name));
    }
    for (const name of sharing) {
      await clones.at(name).git("config", "dlslurm.claims.share", "origin");
    }
    return clones;
  }

  /** Has commands run in a clone from now on. */
  at(clone: string): EngineWorld {
    this.world.root = join(this.#folder, clone);
    return this.world;
  }

  /** What is shown at the remote: texts by the names of refs. */
  async shown(): Promise<Map<string, string>> {
    const git = (...args: string[]) =>
      this.world.sandbox.require(["git", "--git-dir", this.remote, ...args]);
    const refs = await git("for-each-ref", "--format=%(refname)", "refs/dlslurm/");
    const found = new Map<string, string>();
    for (const ref of refs.split("\n").filter(Boolean)) {
      found.set(ref, await git("cat-file", "blob", ref));
    }
    return found;
  }

  /** The claims that are shown at the remote. */
  async claims(): Promise<string[]> {
    const texts = [...(await this.shown()).values()];
    return texts.flatMap((text) =>
      (JSON.parse(text).jobs as { claims: string[] }[]).flatMap(({ claims }) => claims)
    ).sort();
  }

  /** Has a stranger show something under this ID. */
  async forge(id: string, content: string): Promise<void> {
    const { sandbox } = this.world;
    const file = join(sandbox.root, "forged");
    await Deno.writeTextFile(file, content);
    const git = ["git", "--git-dir", this.remote] as const;
    const oid = await sandbox.require([...git, "hash-object", "-w", file]);
    await sandbox.require([...git, "update-ref", `refs/dlslurm/claims/${id}`, oid]);
  }

  /** What a clone of one job would show, with changes. */
  static text(job: Record<string, unknown>, changes: Record<string, unknown> = {}): string {
    return JSON.stringify({
      ...{ format: "dlslurm-claims", version: 1, host: "login2", root: "/home/eve/data" },
      jobs: [{
        ...{ jobId: "77", cluster: null, user: "eve", submittedAtMs: Date.now() - 3_700_000 },
        ...{ branch: "refs/heads/main", altDir: null, claims: ["out"], ...job },
      }],
      ...changes,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.at("data set");
    await this.world[Symbol.asyncDispose]();
  }
}
