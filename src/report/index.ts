/** Pictures for reports: gene maps over sections, drawn without system fonts. */
export { type LineChartOptions, lineChart, renderChart, SERIES_COLOURS, type Series } from './charts.ts';
export { type Colormap, sequentialColormap } from './colormap.ts';
export {
  figure,
  nameTable,
  type ReportBlock,
  type ReportDocument,
  type ReportSection,
  section,
  table,
  text,
} from './document.ts';
export { type ExpressionFigures, type ExpressionRun, expressionReport } from './expression-report.ts';
export { type FrequencyReportRun, frequencyReport } from './frequency-report.ts';
export {
  type GeneMapOptions,
  type GeneMapPairOptions,
  type MapOptions,
  renderGeneMap,
  renderGeneMapPair,
} from './gene-map.ts';
export { escapeHtml, type HtmlColumn, htmlPage, htmlTable } from './html-page.ts';
export { PATCH_OPACITY, type PatchMapOptions, renderPatchMap } from './patch-map.ts';
export {
  type PatchField,
  type PatchStyle,
  type PlacedPicture,
  paintPatches,
  patchRange,
} from './patch-raster.ts';
export { documentCsv, documentHtml, documentJson, documentMarkdown } from './render-document.ts';
export { barChart, scatterChart, stepChart } from './result-charts.ts';
export { type TextStyle, textSvg, textWidth } from './stroke-font.ts';
export {
  type ClassificationReportRun,
  classificationReport,
  type RetrievalReportRun,
  retrievalReport,
  type SurvivalReportRun,
  survivalReport,
} from './task-reports.ts';
