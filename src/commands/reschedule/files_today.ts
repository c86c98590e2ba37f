import { join } from "node:path";
import { sizeOfKey } from "../../annex/annex_key.ts";
import { LONGEST_POINTER_BYTES } from "../../annex/annexed_files.ts";
import type { Dataset } from "../../datalad/dataset.ts";
import { keyInHead } from "../../datalad/compare_with_head.ts";
import { lookAtInput } from "../../datalad/look_at_input.ts";
import { lookIfThere } from "../../datalad/look_if_there.ts";
import { blobOid } from "../../git/blob_oid.ts";
import type { NotedInput } from "../../jobs/noted_evidence.ts";
import { CommitTree } from "../../git/commit_tree.ts";
import { IndexFile } from "../../git/index_file.ts";
import type { NotedVersion } from "../../provenance/run_inputs.ts";

/** Compares files of a work tree with versions that records have evidence of; starts no process. */
export class FilesToday implements Disposable {
  readonly #dataset: Dataset;
  readonly #unsaved: ReadonlySet<string>;
  readonly #head: CommitTree;
  readonly #index: IndexFile;

  /**
   * Looks at the files of `dataset`.
   *
   * @param unsaved where git says that HEAD has other content.
   */
  constructor(dataset: Dataset, unsaved: ReadonlySet<string>) {
    this.#dataset = dataset;
    this.#unsaved = unsaved;
    const { root, commonDir, headOid, indexFile } = dataset;
    this.#head = new CommitTree(root, commonDir, headOid);
    this.#index = new IndexFile(indexFile, headOid);
  }

  /** Closes the files that are open. */
  [Symbol.dispose](): void {
    this.#head[Symbol.dispose]();
  }

  /** Whether a file is not there as this version any more. */
  async isOther(path: string, { blob, key, commit }: NotedVersion): Promise<boolean> {
    if (blob !== undefined) {
      return await this.#isOtherContent(path, blob) && !await this.#isKeyOf(path, commit);
    }
    return key !== undefined && await this.#isOtherKey(path, key);
  }

  async #isOtherContent(path: string, blob: string): Promise<boolean> {
    if (this.#head.find(path)?.oid === blob && !this.#unsaved.has(path)) return false;
    const { root, headOid } = this.#dataset;
    // Of what is no file any more, or may not be read, nothing is the same.
    const content = lookIfThere(() => {
      const file = join(root, path);
      return Deno.statSync(file).isFile ? Deno.readFileSync(file) : undefined;
    });
    return content === undefined || await blobOid(content, headOid) !== blob;
  }

  /** Whether it is an annexed file of which a commit has the same version: its content need not be here. */
  async #isKeyOf(path: string, commit: string | undefined): Promise<boolean> {
    if (commit === undefined) return false;
    const { key } = await this.#look(path);
    if (key === undefined) return false;
    const { root, commonDir } = this.#dataset;
    using then = new CommitTree(root, commonDir, commit);
    return keyInHead({ head: then }, path) === key;
  }

  async #look(path: string): Promise<NotedInput> {
    const { root, headOid } = this.#dataset;
    const view = { root, headOid, head: this.#head, index: this.#index };
    return await lookAtInput(view, path, LONGEST_POINTER_BYTES);
  }

  async #isOtherKey(path: string, key: string): Promise<boolean> {
    const today = await this.#look(path);
    if (today.key !== undefined) return today.key !== key;
    // Of a large one that was touched only git, which has looked, can tell it.
    if (keyInHead({ head: this.#head }, path) === key && !this.#unsaved.has(path)) return false;
    // In a subdataset it may be there unlocked.
    return this.#head.find(path) !== null || today.size !== sizeOfKey(key);
  }
}
