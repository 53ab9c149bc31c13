/**
 * What the viewer's server and its browser app say to each other: the shapes of every answer, and the
 * addresses. Types and pure functions only, so that the browser may import it.
 *
 * Positions are pixels of level 0 of the slide (x to the right, y down, origin top left).
 * Binary answers are little-endian float32.
 */
export * from './addresses.ts';
export type * from './catalogue.ts';
export type * from './jobs.ts';
export type * from './slides.ts';
export type * from './tables.ts';
