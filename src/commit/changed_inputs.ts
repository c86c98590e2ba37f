import { isWithin, pathAndFoldersAround } from "../paths/root_paths.ts";
import { join } from "node:path";
import { annexKeyOf, sizeOfKey } from "../annex/annex_key.ts";
import { isAnnexLink } from "../annex/annexed_files.ts";
import { isContentOfKey } from "../annex/key_content.ts";
import { pointerOid } from "../datalad/compare_with_head.ts";
import type { InputView } from "../datalad/compare_with_head.ts";
import { lookAtInput, pointerIn, traitsOf } from "../datalad/look_at_input.ts";
import { lookIfThere, targetOf } from "../datalad/look_if_there.ts";
import { blobOid } from "../git/blob_oid.ts";
import { CommitTree } from "../git/commit_tree.ts";
import { compareWithWorkTree } from "../git/compare_paths.ts";
import { IndexFile } from "../git/index_file.ts";
import type { Repository } from "../git/repository.ts";
import { GITLINK_MODE } from "../git/submodules.ts";
import type { SubmissionEvidence } from "../jobs/evidence.ts";
import { hasTraits } from "../jobs/noted_evidence.ts";
import type { NotedEvidence, NotedInput, NotedScript } from "../jobs/noted_evidence.ts";
import type { LeftBefore, LeftVersion } from "./left_before.ts";

/** One finish reads no more bytes than this to find out whether content has changed. */
const MOST_BYTES_READ = 32 * 1024 * 1024;

/** What the inputs of jobs are when the jobs are finished; each path is looked at once for all of them. */
export class InputsNow implements Disposable {
  readonly #repository: Repository;
  readonly #heads = new Map<string, CommitTree>();
  readonly #links = new Map<string, string | undefined>();
  readonly #infos = new Map<string, Deno.FileInfo | undefined>();
  readonly #blobs = new Map<string, string | undefined>();
  readonly #looks = new Map<string, NotedInput>();
  readonly #keys = new Map<string, boolean | undefined>();
  readonly #edited = new Map<string, readonly string[]>();
  readonly #index: IndexFile;
  #room = MOST_BYTES_READ;

  /** Looks into the work tree of a dataset. */
  constructor(repository: Repository) {
    this.#repository = repository;
    this.#index = new IndexFile(repository.indexFile, repository.headOid);
  }

  /** Closes the files that are open. */
  [Symbol.dispose](): void {
    for (const head of this.#heads.values()) head[Symbol.dispose]();
  }

  /**
   * Finds the inputs, and the script, that are not what they were when the job was submitted. What the job
   * itself was to write does not count.
   */
  async findChanged(
    { script, inputs, submission }: NotedEvidence,
    claims: readonly string[],
  ): Promise<{ readonly inputs: string[]; readonly script: string | undefined }> {
    const changed: string[] = [];
    for (const input of inputs) {
      const isOwn = claims.some((claim) => isWithin(claim, input.path));
      if (isOwn) continue;
      const isChanged = input.tree === undefined
        ? await this.#isChanged(input)
        : await this.#isFolderChanged(input, submission.at, claims);
      if (isChanged) changed.push(input.path);
    }
    const isOther = script !== null && await this.#isScriptChanged(script);
    return { inputs: changed, script: isOther ? script.path : undefined };
  }

  /**
   * Finds which version a job read of an input that others were to write first: what they have committed, else
   * what is there now, as long as nobody else is seen to have written it.
   *
   * @param head what the job was submitted at.
   * @returns whether it was changed after that; `undefined` if none of the others has written it: then it was
   * what was noted.
   */
  async findAwaited(
    input: NotedInput,
    left: LeftBefore,
    head: string | undefined,
  ): Promise<{ readonly input: NotedInput; readonly isChanged: boolean } | undefined> {
    const { path, missing } = input;
    const mark = {
      ...(input.extra === true ? { extra: true } : {}),
      ...(missing === true ? { missing } : {}),
    };
    const isPending = left.isPending(path);
    const version = isPending ? undefined : left.find(path);
    if (missing !== true) {
      const isOthers = isPending && head !== undefined && await this.#wasCommitted(path, head);
      if (isOthers || version === null) return undefined;
    }
    const { modified: _, ...now } = version
      ? await this.#look(path, version.commit.oid, version.commit.tree)
      : await this.#look(path, head ?? this.#repository.headOid);
    const isChanged = version ? !this.#isStill(version, now) : false;
    return { input: { ...(isChanged ? version!.evidence : now), ...mark }, isChanged };
  }

  /** Whether a file is as somebody has committed it since `head`: a job without a commit has not written it so. */
  async #wasCommitted(path: string, head: string): Promise<boolean> {
    const { headOid } = this.#repository;
    const entry = this.#treeOf(headOid).find(path);
    const earlier = this.#treeOf(head).find(path);
    if (!entry || earlier === undefined || entry.oid === earlier?.oid) return false;
    const { size, modified } = await this.#look(path, headOid);
    return modified !== true && size === undefined;
  }

  /** Whether a file is as a commit has it. */
  #isStill({ evidence, oid, finishedAtMs }: LeftVersion, now: NotedInput): boolean {
    const { path, key, blob } = evidence;
    const isSame = key === undefined ? now.blob === blob : now.key === key;
    if (isSame && now.size === undefined) return true;
    // Git filters what it keeps, and a large file is not read: nobody has touched it since, or committed another.
    const changedMs = this.#infoOf(join(this.#repository.root, path))?.ctime?.getTime();
    // The runtime tells it in whole seconds.
    return changedMs !== undefined && changedMs + 1_000 <= finishedAtMs &&
      this.#treeOf(this.#repository.headOid).find(path)?.oid === oid;
  }

  /**
   * Completes what was noted of an input: of one that was not there, what is there now; of one that was too
   * large to be read at the submission, its name in git, if it is as it was; of a large folder, whether it was as
   * HEAD has it.
   *
   * @param claims what the job was to write.
   */
  async complete(
    input: NotedInput,
    { at, head }: SubmissionEvidence,
    claims: readonly string[] = [],
  ): Promise<NotedInput> {
    if (input.tree !== undefined) {
      const { before } = await this.#editsIn(input.path, at, claims);
      return before ? { ...input, modified: true } : input;
    }
    const mark = input.extra === true ? { extra: true } : {};
    const isLarge = input.size !== undefined && input.blob === undefined &&
      input.modified !== true && input.key === undefined;
    if (input.missing !== true && !isLarge) return input;
    const now = await this.#look(input.path, head ?? this.#repository.headOid);
    if (input.missing === true) {
      const { modified: _, ...there } = now;
      return { ...there, ...mark, missing: true };
    }
    const isSame = now.traits !== undefined && input.traits !== undefined &&
      hasTraits(now.traits, input.traits);
    return isSame ? { ...now, ...mark } : input;
  }

  /** When tracked files in a folder were edited that are not as HEAD has them: before the submission, or later. */
  async #editsIn(
    folder: string,
    at: string | undefined,
    claims: readonly string[],
  ): Promise<{ readonly before: boolean; readonly later: boolean }> {
    const { git, root } = this.#repository;
    const subdataset = this.#subdatasetAround(folder);
    const edited = this.#edited.get(folder) ??
      (await compareWithWorkTree(git, [subdataset ?? folder])).map(({ path }) => path);
    this.#edited.set(folder, edited);
    // Git says no more than that something in the subdataset was edited.
    if (subdataset !== undefined) return { before: edited.length > 0, later: false };
    const own = edited.filter((path) => !claims.some((claim) => isWithin(claim, path)));
    const isLater = own.map((path) => {
      const changed = lookIfThere(() => Deno.lstatSync(join(root, path)))?.ctime;
      // The runtime tells it in whole seconds, and so does the submission. Of one that is gone nobody knows when.
      return changed && at !== undefined && changed.getTime() > Date.parse(at);
    });
    return { before: isLater.some((each) => !each), later: isLater.some((each) => each) };
  }

  #subdatasetAround(folder: string): string | undefined {
    const head = this.#treeOf(this.#repository.headOid);
    const around = [...pathAndFoldersAround(folder)];
    // The outermost: of those in it git says nothing here.
    return around.findLast((each) => head.find(each)?.mode === GITLINK_MODE);
  }

  async #look(path: string, head: string, tree?: CommitTree): Promise<NotedInput> {
    const name = `${head} ${path}`;
    const known = this.#looks.get(name);
    if (known !== undefined) return known;
    const { root } = this.#repository;
    const view: InputView = {
      ...{ root, head: tree ?? this.#treeOf(head), headOid: head },
      index: this.#index,
    };
    const { read = 0, ...look } = await lookAtInput(view, path, this.#room);
    this.#room -= read;
    this.#looks.set(name, look);
    return look;
  }

  #treeOf(head: string): CommitTree {
    const { root, commonDir } = this.#repository;
    const tree = this.#heads.get(head) ?? new CommitTree(root, commonDir, head);
    this.#heads.set(head, tree);
    return tree;
  }

  async #isFolderChanged(
    { path, tree }: NotedInput,
    at: string | undefined,
    claims: readonly string[],
  ): Promise<boolean> {
    if (this.#treeOf(this.#repository.headOid).find(path)?.oid !== tree) return true;
    return (await this.#editsIn(path, at, claims)).later;
  }

  async #isChanged({ path, key, blob, missing, traits }: NotedInput): Promise<boolean> {
    if (missing === true) return false;
    const file = join(this.#repository.root, path);
    const link = this.#linkAt(file);
    const keyNow = link !== undefined && isAnnexLink(link) ? annexKeyOf(link) : undefined;
    if (keyNow !== undefined && key !== undefined) return keyNow !== key;
    const info = this.#infoOf(file);
    // Of content that has moved into the annex, and is not here, the key names the size.
    if (info === undefined && keyNow !== undefined) return sizeOfKey(keyNow) !== traits?.size;
    if (info === undefined) return traits !== undefined || key !== undefined;
    const now = traitsOf(info);
    if (traits !== undefined && hasTraits(now, traits)) return false;
    if (!info.isFile) return traits !== undefined || key !== undefined;
    const isStill = key === undefined ? undefined : await this.#hasKey(path, info, key);
    if (isStill !== undefined) return !isStill;
    // It was locked, and is too large to be read, or its key names no content.
    if (traits === undefined) return false;
    const raw = traits.raw ?? blob;
    if (raw !== undefined && now.size === traits.size) {
      if (await this.#blobAt(file, now.size, raw) === raw) return false;
    }
    // Git may keep another text than the file's: then it tells that the version is the same.
    return blob === undefined || this.#index.versionOf(path, info) !== blob;
  }

  /** Whether a file that is no link is that of a key; `undefined` if that cannot be told. */
  async #hasKey(path: string, info: Deno.FileInfo, key: string): Promise<boolean | undefined> {
    const name = `${key} ${path}`;
    if (!this.#keys.has(name)) this.#keys.set(name, await this.#compareWithKey(path, info, key));
    return this.#keys.get(name);
  }

  async #compareWithKey(
    path: string,
    info: Deno.FileInfo,
    key: string,
  ): Promise<boolean | undefined> {
    const content = this.#read(join(this.#repository.root, path), info.size);
    const pointer = content && pointerIn(content);
    if (pointer !== undefined) return pointer === key;
    const isContent = content === undefined ? undefined : await isContentOfKey(key, content);
    if (isContent !== undefined) return isContent;
    if ((sizeOfKey(key) ?? info.size) !== info.size) return false;
    const version = this.#index.versionOf(path, info);
    const { headOid } = this.#repository;
    return version === undefined ? undefined : version === await pointerOid(key, headOid);
  }

  async #isScriptChanged({ file, traits, blob }: NotedScript): Promise<boolean> {
    if (file === undefined || traits === undefined || blob === undefined) return false;
    const info = this.#infoOf(file);
    if (info === undefined) return true;
    const now = traitsOf(info);
    if (hasTraits(now, traits)) return false;
    return now.size !== traits.size || await this.#blobAt(file, now.size, blob) !== blob;
  }

  #linkAt(file: string): string | undefined {
    if (!this.#links.has(file)) {
      const own = lookIfThere(() => Deno.lstatSync(file));
      this.#links.set(file, own?.isSymlink ? targetOf(file) : undefined);
    }
    return this.#links.get(file);
  }

  #infoOf(file: string): Deno.FileInfo | undefined {
    if (!this.#infos.has(file)) this.#infos.set(file, lookIfThere(() => Deno.statSync(file)));
    return this.#infos.get(file);
  }

  /** `undefined` for a file that would exceed {@linkcode MOST_BYTES_READ}. */
  async #blobAt(file: string, size: number, likeOid: string): Promise<string | undefined> {
    if (!this.#blobs.has(file) && size <= this.#room) {
      const content = this.#read(file, size);
      this.#blobs.set(file, content && await blobOid(content, likeOid));
    }
    return this.#blobs.get(file);
  }

  #read(file: string, size: number): Uint8Array | undefined {
    if (size > this.#room) return undefined;
    this.#room -= size;
    return lookIfThere(() => Deno.readFileSync(file));
  }
}
