/** The help: keys, and how to read the page. */
import { h } from './dom';

const KEYS: [string, string][] = [
  ['Space', 'Pause or run (demo and replay)'],
  ['1 2 3 4', 'Speed 1×, 5×, 20×, as fast as possible'],
  ['+ −', 'Zoom in, out'],
  ['Arrows', 'Move the map'],
  ['F', 'Show the whole site'],
  ['B', 'Blind areas on or off'],
  ['T', 'Trails on or off'],
  ['L', 'Legend'],
  ['P', 'Panel on or off'],
  ['[ ]', 'Previous, next hazardous track'],
  ['Esc', 'Close the card'],
];

export function addHelp(): () => void {
  const dialog = h(
    'dialog',
    { class: 'dialog help', 'aria-label': 'Help', 'data-testid': 'help' },
    h('h2', {}, 'Keys'),
    h('dl', { class: 'keys' }, ...KEYS.flatMap(([key, what]) => [h('dt', {}, h('kbd', {}, key)), h('dd', {}, what)])),
    h(
      'p',
      { class: 'muted' },
      'Countdowns run to the median expected arrival in the zone. A blind area is where no working sensor can see at the chosen height above sea level: no track there does not mean that nothing is there.',
    ),
    h('form', { method: 'dialog', class: 'dialog-buttons' }, h('button', { class: 'strong' }, 'Close')),
  );
  document.body.append(dialog);
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) dialog.close();
  });
  dialog.addEventListener('keydown', (event) => {
    if (event.key === '?') dialog.close();
  });
  return () => (dialog.open ? dialog.close() : dialog.showModal());
}
