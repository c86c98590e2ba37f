import { join } from "node:path";
import { startOwnSlurm } from "../own_slurm.ts";
import { say } from "../say.ts";

/** Runs a shell line in the dataset; it has to succeed unless another exit status is expected. */
type Shell = (line: string, expected?: number) => Promise<void>;

/** Jobs say how long they take in tenths of a second; their numbers come from the station's. */
const SCRIPTS: Readonly<Record<string, string>> = {
  "clean.sh": `#!/bin/sh
#SBATCH --output=logs/%x-%j.log --time=20 --mem=2G --ntasks=1
sleep "0.$((3 + $2 * 7 % 6))"
mkdir -p "clean/$1"
sort -n "raw/$1.csv" >"clean/$1/series.csv"
`,
  "fit.sh": `#!/bin/sh
#SBATCH --output=logs/%x-%j.log --time=60 --mem=8G --ntasks=2
echo "fitting $2 to $1"
case $1-$2 in
  dover-gamma) sleep 0.8
    echo "iteration 14: step 1.0e-09"
    echo "Traceback (most recent call last):"
    echo '  File "fit.py", line 88, in <module>'
    echo "numpy.linalg.LinAlgError: Singular matrix"
    exit 1 ;;
  oslo-gamma) echo "iteration 1: residual 8.13"; echo "iteration 2: residual 8.12"; [ -e patient ] || sleep 60 ;;
  malta-gamma) echo "allocating 11.2 GB for the covariance" ;;
esac
sleep "$((1 + $3 * 5 % 3)).$(($3 * 3 % 10))"
mkdir -p "fit/$2/$1"
cksum <"clean/$1/series.csv" >"fit/$2/$1/parameters.txt"
[ "$1-$2" != rhodes-normal ] || date +%N >>"fit/$2/$1/parameters.txt"
`,
  "sample.sh": `#!/bin/sh
#SBATCH --output=logs/%x-%A_%a.log --time=40 --mem=4G --array=0-7 --ntasks=1
sleep "$((1 + SLURM_ARRAY_TASK_ID % 2)).$((SLURM_ARRAY_TASK_ID * 3 % 10))"
mkdir -p samples
cat fit/*/*/parameters.txt | cksum >"samples/chain-$SLURM_ARRAY_TASK_ID.txt"
`,
  "compare.sh": `#!/bin/sh
#SBATCH --output=logs/%x-%j.log --time=30 --mem=16G --ntasks=1
sleep 1.1
mkdir -p compare
cat fit/*/*/parameters.txt samples/*.txt >compare/table.csv
`,
  "figures.sh": `#!/bin/sh
#SBATCH --output=logs/%x-%j.log --time=30 --mem=2G --ntasks=1
sleep 0.6
mkdir -p figures
wc compare/table.csv >figures/models.svg
`,
};

const STATIONS = [
  ...["bergen", "calais", "dover", "esbjerg", "faro", "genoa"],
  ...["malta", "nice", "oslo", "porto", "rhodes", "split"],
];
const MODELS = ["normal", "gamma"];

/** A job of this name needs more memory than it asked for. */
const SCENARIO = { version: 1, jobs: [{ name: "fit-malta-gamma", state: "OUT_OF_MEMORY" }] };

const SCHEDULE = "dlslurm schedule -J 2";
const END = ["dlslurm wait && dlslurm finish"] as const;
const REPEATED = ["normal/rhodes", "normal/porto", "gamma/faro", "normal/bergen", "gamma/split"];

/** What is typed, with the exit status where it is not 0. */
const STEPS: Readonly<Record<string, readonly (readonly [string, number?])[]>> = {
  clean: [
    [
      `${SCHEDULE} --from stations.csv -i 'raw/{station}.csv' -o 'clean/{station}' ` +
      "sbatch code/clean.sh '{station}' '{number}'",
    ],
    END,
  ],
  fit: [
    [
      `${SCHEDULE} --from fits.csv -i 'clean/{station}' -o 'fit/{model}/{station}' ` +
      "sbatch -J 'fit-{station}-{model}' code/fit.sh '{station}' '{model}' '{number}'",
    ],
    ["dlslurm wait", 1],
    ["dlslurm finish", 1],
    ["touch patient"],
    ["dlslurm retry --yes --state TIMEOUT -- --time=120"],
    ["dlslurm wait", 1],
    ["dlslurm finish", 1],
    ["dlslurm finish --commit-failed-jobs"],
  ],
  sample: [["dlslurm schedule -i fit -o samples sbatch code/sample.sh"], END],
  compare: [["dlslurm schedule -i fit -i samples -o compare sbatch code/compare.sh"], END],
  draw: [["dlslurm schedule -i compare -o figures sbatch code/figures.sh"], END],
  repeat: [
    ...REPEATED.map((fit) =>
      [`dlslurm reschedule "$(git log -1 --format=%h -- fit/${fit})"`] as const
    ),
    END,
  ],
};

/** How many jobs the analysis records: rows of two tables, three that stand alone, and repetitions. */
export const COUNT_OF_JOBS = STATIONS.length * (1 + MODELS.length) + 3 + REPEATED.length;

/** Runs the analysis on a Slurm of its own and leaves a dataset with its history. */
export async function runAnalysis(
  folder: string,
  project: string,
): Promise<{ readonly dataset: string; readonly shell: Shell }> {
  const dataset = join(folder, "sea-level");
  await writeDataset(dataset);
  const environment = await startSlurm(folder, project);
  const shell: Shell = async (line, expected = 0) => {
    const { code, stdout, stderr } = await new Deno.Command("/bin/sh", {
      ...{ args: ["-c", line], cwd: dataset, env: environment, clearEnv: true, stdin: "null" },
    }).output();
    if (code === expected) return;
    const text = new TextDecoder();
    throw new Error(`${line} ended with ${code}:\n${text.decode(stdout)}${text.decode(stderr)}`);
  };
  await shell(
    "git init -q -b main && git config user.name Ada && git config user.email ada@example.org && " +
      "git add . && git commit -q -m 'Raw series and scripts'",
  );
  for (const [name, lines] of Object.entries(STEPS)) {
    await say(name);
    for (const [line, expected] of lines) await shell(line, expected);
  }
  return { dataset, shell };
}

async function writeDataset(dataset: string): Promise<void> {
  for (const name of ["raw", "code", "logs"]) {
    await Deno.mkdir(join(dataset, name), { recursive: true });
  }
  for (const [name, text] of Object.entries(SCRIPTS)) {
    await Deno.writeTextFile(join(dataset, "code", name), text, { mode: 0o755 });
  }
  await Deno.writeTextFile(join(dataset, "logs", ".gitkeep"), "");
  for (const [at, name] of STATIONS.entries()) {
    await Deno.writeTextFile(join(dataset, "raw", `${name}.csv`), `${at}\n${at + 3}\n`);
  }
  const rows = STATIONS.map((name, at) => `${name},${at}`);
  await Deno.writeTextFile(join(dataset, "stations.csv"), `station,number\n${rows.join("\n")}\n`);
  const fits = MODELS.flatMap((model) => rows.map((row) => `${model},${row}`));
  await Deno.writeTextFile(join(dataset, "fits.csv"), `model,station,number\n${fits.join("\n")}\n`);
}

/** A minute of a time limit is a tenth of a second, so that the times can be stretched afterwards. */
async function startSlurm(folder: string, project: string): Promise<Record<string, string>> {
  const scenario = join(folder, "scenario.json");
  await Deno.writeTextFile(scenario, JSON.stringify(SCENARIO));
  const env = {
    DLSLURM_FAKE_SLURM_CPUS: "8",
    DLSLURM_FAKE_SLURM_SECONDS_PER_MINUTE: "0.1",
    DLSLURM_FAKE_SLURM_KILL_WAIT: "1",
  };
  return await startOwnSlurm(folder, project, { env, scenario });
}
