/** Looks at the machine: what computes here, how fast, and what is missing. */
import {
  describeEngine,
  type EngineDescription,
  linear,
  noGrad,
  scope,
  type Tensor,
  threadCount,
  zeros,
} from '../tensor/index.ts';

export interface EngineReport {
  readonly engine: EngineDescription;
  readonly threads: number;
  /** Largest rate seen for a matrix product of a transformer's shape. */
  readonly gflops: number;
  /** What would make it faster or is wrong, one sentence each. */
  readonly remarks: readonly string[];
}

/** Best rate of y = x W^T for [2056, 384] x [1536, 384], in GFLOP/s, over about a second. */
function productRate(): number {
  const [rows, inner, columns] = [2056, 384, 1536];
  return noGrad(() =>
    scope(() => {
      const x: Tensor = zeros([rows, inner], { dtype: 'float32' });
      const weight = zeros([columns, inner], { dtype: 'float32' });
      let best = 0;
      const end = performance.now() + 1000;
      while (performance.now() < end) {
        const start = performance.now();
        scope(() => linear(x, weight).shape);
        best = Math.max(best, (2 * rows * inner * columns) / (performance.now() - start) / 1e6);
      }
      return best;
    }),
  );
}

function remarksOn(engine: EngineDescription, gflops: number): string[] {
  const remarks: string[] = [];
  if (/reference/i.test(engine.blas)) {
    remarks.push(
      'libtorch uses the slow reference BLAS: install libopenblas0 (Debian) or an MKL build of libtorch',
    );
  }
  if (engine.matmul !== 'oneDNN') {
    remarks.push(
      'the addon was built without oneDNN: install libdnnl-dev and run `npm run build:native` for about 1.5 times the speed',
    );
  }
  if (gflops < 20)
    remarks.push(
      `matrix products run at ${gflops.toFixed(0)} GFLOP/s: another program may be using the processor`,
    );
  if (!engine.cuda) remarks.push('no CUDA device: everything runs on the processor');
  return remarks;
}

/** @throws EngineMissingError when there is no engine at all. */
export function checkEngine(): EngineReport {
  const engine = describeEngine();
  const gflops = productRate();
  return { engine, threads: threadCount(), gflops, remarks: remarksOn(engine, gflops) };
}
