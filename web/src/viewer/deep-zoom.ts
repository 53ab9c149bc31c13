/** OpenSeadragon, set up for this server's tiles and this page's policy. */
import OpenSeadragon from 'openseadragon';
import { type SlideDetail, tileAddress } from '../../../src/contract/index.ts';

/**
 * OpenSeadragon writes a style element unless it finds its own; the page's policy refuses such elements. This
 * inert element of no known namespace is what it looks for. Its two lines are in the page's style sheet.
 */
function satisfyStyleSearch(): void {
  if (document.querySelector('style[data-openseadragon-mobile-css]') !== null) return;
  const marker = document.createElementNS('urn:mvhybrid:marker', 'style');
  marker.setAttribute('data-openseadragon-mobile-css', 'true');
  document.head.append(marker);
}

/** A viewer of one slide inside `box`; the slide's width is 1 in its coordinates. */
export function createDeepZoom(box: HTMLElement, slide: SlideDetail): OpenSeadragon.Viewer {
  satisfyStyleSearch();
  const source = {
    width: slide.width,
    height: slide.height,
    tileSize: slide.tileSize,
    tileOverlap: 0,
    minLevel: Math.min(slide.maxLevel, 6),
    maxLevel: slide.maxLevel,
    getTileUrl: (level: number, x: number, y: number) => tileAddress(slide.id, level, x, y),
  };
  return OpenSeadragon({
    element: box,
    tileSources: source as OpenSeadragon.TileSourceOptions,
    drawer: 'canvas',
    showNavigationControl: false,
    showNavigator: false,
    animationTime: 0.35,
    springStiffness: 9,
    blendTime: 0,
    visibilityRatio: 0.3,
    minZoomImageRatio: 0.5,
    maxZoomPixelRatio: 8,
    zoomPerScroll: 1.25,
    imageLoaderLimit: 6,
    maxImageCacheCount: 400,
    gestureSettingsMouse: { clickToZoom: false, dblClickToZoom: true },
    gestureSettingsTouch: { clickToZoom: false, dblClickToZoom: true },
    keyboardNavEnabled: false,
  });
}
