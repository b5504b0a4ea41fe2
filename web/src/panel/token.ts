/** Ask once for the access token; it stays in this tab only. */
import { h } from './dom';

export function askToken(): Promise<string | null> {
  return new Promise((resolve) => {
    const input = h('input', { type: 'password', autocomplete: 'off', 'aria-label': 'Access token', required: true });
    const dialog = h(
      'dialog',
      { class: 'dialog', 'aria-label': 'Access token needed' },
      h('h2', {}, 'Access token needed'),
      h('p', {}, 'What you asked for needs a token of your role. It is kept in this tab only.'),
      h(
        'form',
        { method: 'dialog' },
        input,
        h(
          'div',
          { class: 'dialog-buttons' },
          h('button', { type: 'button', class: 'quiet', click: () => dialog.close('') }, 'Cancel'),
          h('button', { type: 'submit', class: 'strong' }, 'Use token'),
        ),
      ),
    );
    dialog.querySelector('form')!.addEventListener('submit', (event) => {
      event.preventDefault();
      dialog.close(input.value.trim());
    });
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(dialog.returnValue || null);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
