/** Colours of the heat maps: one hue from pale to strong, so that they are distinguishable without colour vision. */

type Rgb = readonly [red: number, green: number, blue: number];

interface Scale {
  /** At 0 %, at 100 %. */
  readonly stops: readonly Rgb[];
  /** Colours of figures on it. */
  readonly inks: readonly Rgb[];
}

const LIGHT: Scale = {
  stops: [
    [244, 247, 251],
    [158, 197, 232],
    [33, 102, 172],
    [8, 42, 92],
  ],
  inks: [
    [23, 28, 34],
    [255, 255, 255],
  ],
};

const DARK: Scale = {
  stops: [
    [27, 34, 43],
    [26, 70, 120],
    [62, 139, 214],
    [190, 224, 255],
  ],
  inks: [
    [248, 250, 252],
    [4, 8, 14],
  ],
};

/** One class per 5 %: heat-0 … heat-20. */
const STEPS = 20;

/** The class of a score from 0 to 1. */
export function heatClass(score: number): string {
  return `heat-${Math.round(STEPS * Math.min(1, Math.max(0, score)))}`;
}

export interface HeatColour {
  readonly ground: Rgb;
  readonly ink: Rgb;
}

/** The colours of all classes in order. */
export function heatColours(theme: 'light' | 'dark'): HeatColour[] {
  const { stops, inks } = theme === 'light' ? LIGHT : DARK;
  return Array.from({ length: STEPS + 1 }, (_, i) => {
    const ground = between(stops, i / STEPS);
    return { ground, ink: inks.reduce((a, b) => (contrast(a, ground) >= contrast(b, ground) ? a : b)) };
  });
}

/** The rules of a style sheet. */
export function heatRules(theme: 'light' | 'dark'): string {
  return heatColours(theme)
    .map(({ ground, ink }, i) => `.heat-${i}{background:${css(ground)};color:${css(ink)}}`)
    .join('\n');
}

/** From 1 to 21 (WCAG 2). */
export function contrast(a: Rgb, b: Rgb): number {
  const [darker, lighter] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
  return (lighter + 0.05) / (darker + 0.05);
}

function luminance(colour: Rgb): number {
  const [red, green, blue] = colour.map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** The colour at a place from 0 to 1 along the stops. */
function between(stops: readonly Rgb[], place: number): Rgb {
  const at = place * (stops.length - 1);
  const i = Math.min(Math.floor(at), stops.length - 2);
  const [from, to] = stops.slice(i, i + 2) as [Rgb, Rgb];
  const mix = (channel: 0 | 1 | 2): number =>
    Math.round(from[channel] + (at - i) * (to[channel] - from[channel]));
  return [mix(0), mix(1), mix(2)];
}

function css(colour: Rgb): string {
  return `#${colour.map((value) => value.toString(16).padStart(2, '0')).join('')}`;
}
