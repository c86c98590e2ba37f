import type { Dataset } from "../../src/datalad/dataset.ts";
import { GitConfig } from "../../src/git/git_config.ts";
import type { TestFolder } from "./test_folder.ts";

/** A dataset in a folder, as far as what does not ask git looks at it; without any setting. */
export function bareDataset(folder: TestFolder): Dataset {
  const gitDir = folder.at(".git");
  return {
    ...{ root: folder.root, commonDir: gitDir, gitDir, worktree: "" },
    config: new GitConfig(new Map()),
  } as unknown as Dataset;
}
