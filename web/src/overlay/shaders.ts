/** The overlay's two small programs: place a square, then colour its pixels. */

/**
 * One square per row: a point while it is small, an instance of four corners when it is large. Positions are taken relative to the middle of the view before they are
 * scaled, so that 32-bit floats keep a fraction of a pixel on slides of 200,000 pixels.
 */
export const VERTEX_SHADER = `#version 300 es
precision highp float;
layout(location = 0) in vec2 position;
layout(location = 1) in float value;
layout(location = 2) in float chosen;
uniform vec2 middle;
uniform vec2 canvasSize;
uniform float zoom;
uniform float size;
uniform float low;
uniform float high;
uniform float opacity;
uniform float dimmed;
uniform bool points;
uniform bool outline;
uniform vec4 outlineColour;
uniform sampler2D colours;
flat out vec4 colour;
flat out float missing;
out vec2 corner;

void main() {
  vec2 place = (position - middle) * zoom;
  gl_PointSize = size + 1.0;
  corner = vec2(0.0);
  if (!points) {
    corner = (vec2(float(gl_VertexID & 1), float(gl_VertexID >> 1)) * 2.0 - 1.0) * (size + 1.0) / size;
    place += corner * size * 0.5;
  }
  gl_Position = vec4(place.x * 2.0 / canvasSize.x, -place.y * 2.0 / canvasSize.y, 0.0, 1.0);
  missing = outline || !(value > -1e30) ? 1.0 : 0.0;
  float share = high > low ? clamp((value - low) / (high - low), 0.0, 1.0) : 0.5;
  vec4 picked = texelFetch(colours, ivec2(int(share * 255.0 + 0.5), 0), 0);
  colour = outline ? outlineColour : missing > 0.5 ? vec4(0.35, 0.35, 0.35, 0.55) : picked;
  colour.a *= opacity * (chosen > 0.5 ? 1.0 : dimmed);
}
`;

/** Discs and squares with soft edges; missing values and outlines are hollow. */
export const FRAGMENT_SHADER = `#version 300 es
precision highp float;
uniform float size;
uniform bool disc;
uniform bool points;
flat in vec4 colour;
flat in float missing;
in vec2 corner;
out vec4 pixel;

void main() {
  vec2 place = points ? (gl_PointCoord * 2.0 - 1.0) * (size + 1.0) / size : corner;
  float reach = disc ? length(place) : max(abs(place.x), abs(place.y));
  float edge = (1.0 - reach) * size * 0.5;
  float cover = clamp(edge + 0.5, 0.0, 1.0);
  if (missing > 0.5) cover *= 1.0 - clamp(edge - 0.7, 0.0, 1.0);
  if (cover <= 0.0) discard;
  float alpha = colour.a * cover;
  pixel = vec4(colour.rgb * alpha, alpha);
}
`;
