/** Numerical methods that the evaluations share. */
export { type BootstrapInterval, type BootstrapOptions, bootstrapInterval } from './bootstrap.ts';
export { chiSquareTail, logGamma, NORMAL_975, normalTwoSided } from './distributions.ts';
export { integrate, integrateToInfinity } from './integrate.ts';
export { type LbfgsOptions, type LbfgsResult, type LbfgsStop, minimize, type Objective } from './lbfgs.ts';
export { type Neighbours, nearestByProduct, topIndices } from './nearest.ts';
export { argmax, argmaxRows, columnMeans, logSumExp, requireFinite, unitRows } from './rows.ts';
export { choleskyFactor, choleskySubstitute, inverseDiagonal } from './symmetric-solve.ts';
export { type LinePoint, strongWolfe } from './wolfe-search.ts';
