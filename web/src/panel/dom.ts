/** The few lines of DOM help that the panel needs. Text is always set as text, never as markup. */

type Child = Node | string | null | false;
type Props = Record<string, string | number | boolean | null | EventListener | undefined>;

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === 'function') element.addEventListener(name, value);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(...children.filter((child): child is Node | string => child !== null && child !== false));
  return element;
}

const SVG = 'http://www.w3.org/2000/svg';

/** A 16 x 16 line icon from path data. */
export function icon(path: string, className = 'icon'): SVGSVGElement {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 16 16');
  svg.setAttribute('class', className);
  svg.setAttribute('aria-hidden', 'true');
  const line = document.createElementNS(SVG, 'path');
  line.setAttribute('d', path);
  svg.append(line);
  return svg;
}

export const ICONS = {
  bell: 'M8 1.5v1M3 12c1.300-1 1.500-2.600 1.500-4.500a3.500 3.500 0 0 1 7 0c0 1.900.2 3.500 1.500 4.500zM6.600 14.200a1.500 1.500 0 0 0 2.800 0',
  pause: 'M5.500 3.500v9M10.500 3.500v9',
  play: 'M5 3.200l7.500 4.800L5 12.800z',
  close: 'M4 4l8 8M12 4l-8 8',
  plus: 'M8 3.500v9M3.500 8h9',
  minus: 'M3.500 8h9',
  fit: 'M3 6V3h3M10 3h3v3M13 10v3h-3M6 13H3v-3',
  panel: 'M2.500 3.500h11v9h-11zM10 3.500v9',
  check: 'M3 8.500l3.300 3.300L13 5',
  eye: 'M2.500 2.500l11 11M6.500 4a6.500 6.500 0 0 1 7.500 4 8 8 0 0 1-1.600 2.300M4.200 5.300A8 8 0 0 0 2 8a6.600 6.600 0 0 0 8.200 3.700',
} as const;

export const button = (
  label: string,
  content: Child,
  click: () => void,
  props: Props = {},
): HTMLButtonElement =>
  h('button', { type: 'button', title: label, 'aria-label': label, click, ...props }, content);

/** Replace the text only where it differs, so that nothing flickers or is read out again. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

export const byId = (id: string): HTMLElement => {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page has no #${id}`);
  return element;
};
