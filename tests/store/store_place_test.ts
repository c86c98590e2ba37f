import assert from "node:assert/strict";
import { join } from "node:path";
import { UserError } from "../../src/errors.ts";
import { JobStore } from "../../src/store/job_store.ts";
import { PATH_SETTING, STORE_FILE, storeFileOf } from "../../src/store/store_place.ts";
import type { StorePlace } from "../../src/store/store_place.ts";
import { TestFolder } from "../support/test_folder.ts";

/** Git's folder of a repository, and a folder for its store that is not there yet. */
class Places implements AsyncDisposable {
  readonly folder: TestFolder;
  readonly commonDir: string;
  readonly elsewhere: string;

  private constructor(folder: TestFolder) {
    this.folder = folder;
    this.commonDir = folder.at("data set/.git");
    this.elsewhere = folder.at("local disk/store");
  }

  static async create(): Promise<Places> {
    const places = new Places(await TestFolder.create());
    await Deno.mkdir(places.commonDir, { recursive: true });
    return places;
  }

  /** The repository with `dlslurm.store.path`, or without. */
  place(path?: string, commonDir = this.commonDir): StorePlace {
    const config = new Map(path === undefined ? [] : [[PATH_SETTING, path]]);
    return { commonDir, config };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.folder[Symbol.asyncDispose]();
  }
}

function isThere(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

function assertElsewhere(work: () => unknown, message: RegExp, hint: RegExp): void {
  assert.throws(work, (error) => {
    assert(error instanceof UserError);
    assert.equal(error.code, "STORE_ELSEWHERE");
    assert.match(error.message, message);
    assert.match(error.hint ?? "", hint);
    assert.match(error.message, /Nothing was changed/);
    return true;
  });
}

/** Opens a store and closes it again. */
function open(place: StorePlace): void {
  JobStore.openIn(place)[Symbol.dispose]();
}

Deno.test("storeFileOf() is in the repository, and makes nothing, as long as nothing else is said", async () => {
  await using places = await Places.create();

  assert.equal(storeFileOf(places.place()), join(places.commonDir, STORE_FILE));

  assert(!isThere(join(places.commonDir, "dlslurm")));
});

Deno.test("JobStore.openIn() has the store where dlslurm.store.path says, also for whoever has no such setting", async () => {
  await using places = await Places.create();

  open(places.place(places.elsewhere));

  assert(isThere(join(places.elsewhere, "jobs.sqlite")));
  assert(!isThere(join(places.commonDir, STORE_FILE)));
  for (const path of [undefined, places.elsewhere, `${places.elsewhere}/`]) {
    assert.equal(storeFileOf(places.place(path)), join(places.elsewhere, "jobs.sqlite"));
    open(places.place(path));
  }
});

Deno.test("JobStore.openIn() begins no second store on a machine that does not see the first one", async () => {
  await using places = await Places.create();
  open(places.place(places.elsewhere));
  // As another machine sees it: a local disk of its own.
  await Deno.rename(places.elsewhere, `${places.elsewhere} of the first machine`);
  for (const isMade of [false, true]) {
    if (isMade) await Deno.mkdir(places.elsewhere);
    for (const path of [undefined, places.elsewhere]) {
      const work = () => open(places.place(path));

      assertElsewhere(work, /not to be seen/, /run the same command on .*jobs\.sqlite/);

      assertElsewhere(() => JobStore.openToLook(places.place(path)), /not to be seen/, /./);
    }
  }
  assert(!isThere(join(places.commonDir, STORE_FILE)));
  assert(!isThere(join(places.elsewhere, "jobs.sqlite")));

  // Another one that has begun a store of its own for its own repository there.
  const other = places.folder.at("other/.git");
  await Deno.mkdir(other, { recursive: true });
  open(places.place(places.elsewhere, other));
  assertElsewhere(() => open(places.place(places.elsewhere)), /not to be seen/, /./);
});

Deno.test("JobStore.openIn() takes no folder that is another repository's", async () => {
  await using places = await Places.create();
  open(places.place(places.elsewhere));
  const other = places.folder.at("other/.git");
  await Deno.mkdir(other, { recursive: true });

  assertElsewhere(
    () => open(places.place(places.elsewhere, other)),
    /of another repository.*data set/,
    /folder of its own/,
  );

  assert(!isThere(join(other, "dlslurm/store.json")));
});

Deno.test("JobStore.openIn() leaves a store that is there, until it is moved as the hint says", async () => {
  await using places = await Places.create();
  open(places.place());
  const own = join(places.commonDir, STORE_FILE);

  assertElsewhere(() => open(places.place(places.elsewhere)), /in the repository/, /mkdir.*mv/);

  assert(!isThere(places.elsewhere));
  const { ino } = await Deno.stat(own);
  await Deno.mkdir(places.elsewhere, { recursive: true });
  await Deno.rename(own, join(places.elsewhere, "jobs.sqlite"));
  open(places.place(places.elsewhere));
  assert.equal((await Deno.stat(join(places.elsewhere, "jobs.sqlite"))).ino, ino);
});

Deno.test("JobStore.openIn() goes by the note of the repository, not by a setting that says otherwise", async () => {
  await using places = await Places.create();
  open(places.place(places.elsewhere));
  const other = places.folder.at("other disk");

  assertElsewhere(() => open(places.place(other)), /but this repository's is in/, /git config/);

  assert(!isThere(other));
});

Deno.test("JobStore.openIn() gives a copy of a repository not the store of the first one", async () => {
  await using places = await Places.create();
  open(places.place(places.elsewhere));
  const copy = places.folder.at("copy/.git");
  await Deno.mkdir(join(copy, "dlslurm"), { recursive: true });
  await Deno.copyFile(
    join(places.commonDir, "dlslurm/store.json"),
    join(copy, "dlslurm/store.json"),
  );

  assertElsewhere(() => open(places.place(places.elsewhere, copy)), /is a copy/, /rm /);

  // The same when it has taken the place of the first one: that one was moved.
  await Deno.remove(places.commonDir, { recursive: true });
  open(places.place(places.elsewhere, copy));
});

Deno.test("JobStore.openIn() takes up a folder that a crash has left bound on one side", async () => {
  await using places = await Places.create();
  open(places.place(places.elsewhere));
  await Deno.remove(join(places.commonDir, "dlslurm/store.json"));

  open(places.place(places.elsewhere));

  const [note, owner] = [
    join(places.commonDir, "dlslurm/store.json"),
    join(places.elsewhere, "store.json"),
  ]
    .map((file) => JSON.parse(Deno.readTextFileSync(file)));
  assert.equal(note.id, owner.id);
});

Deno.test("JobStore.openIn() of two that begin at once leaves one store at most", async () => {
  await using places = await Places.create();
  // The one in the repository was made after the other process had looked, the note before this one looks.
  open(places.place(places.elsewhere));
  const note = join(places.commonDir, "dlslurm/store.json");
  const text = await Deno.readTextFile(note);
  await Deno.remove(note);
  const config = new Map<string, string>();
  const late: StorePlace = {
    commonDir: places.commonDir,
    config: {
      get: (name) => {
        // Asked for after the store was looked for, before it is made.
        if (name === "core.sharedrepository") Deno.writeTextFileSync(note, text);
        return config.get(name);
      },
    },
  };

  assertElsewhere(() => open(late), /not to be seen/, /./);
});

Deno.test("storeFileOf() takes no relative path, and one below the home directory", async () => {
  await using places = await Places.create();
  assert.throws(() => storeFileOf(places.place("store")), { code: "USAGE", message: /absolute/ });
  const home = Deno.env.get("HOME") ?? "";
  assert.equal(storeFileOf(places.place("~/x/y")), `${home}/x/y/jobs.sqlite`);
});

Deno.test("storeFileOf() says which file is damaged", async () => {
  await using places = await Places.create();
  open(places.place(places.elsewhere));
  await Deno.writeTextFile(join(places.commonDir, "dlslurm/store.json"), "");

  assert.throws(() => open(places.place(places.elsewhere)), {
    code: "STORE_UNREADABLE",
    message: /store\.json.*damaged/,
  });
});
