/** What every task result shares: protocol card, fold summaries, tables. */
export { definedOrNull, type FoldSummary, meanAndSpread, summariseDefined } from './fold-summary.ts';
export { type CardValue, formatCard, type ProtocolCard } from './protocol-card.ts';
export { cell, numberColumns, type ResultColumn, type ResultTable } from './result-table.ts';
