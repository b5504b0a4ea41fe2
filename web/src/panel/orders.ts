/** Forms by which operators give orders: a reason, who, and one button for each deed. */
import { button, h, setText } from './dom';

const AUTHOR_KEY = 'tocsin-author';

export interface Deed {
  id: string;
  label: string;
  title: string;
  look: 'strong' | 'danger' | '';
  /** Sends the order; resolves to null, or to why it was refused. */
  send: (body: { reason: string; author: string }) => Promise<string | null>;
  /** Said when it was accepted. */
  done: string;
  needsReason: boolean;
}

const known = (): string => {
  try {
    return localStorage.getItem(AUTHOR_KEY) ?? '';
  } catch {
    return '';
  }
};
const keep = (author: string): void => {
  try {
    localStorage.setItem(AUTHOR_KEY, author);
  } catch {
    // Without storage the name is asked for again with the next page.
  }
};

/** One form for one subject; its fields outlive redraws, so nothing typed is lost. */
export class OrderForm {
  readonly element: HTMLElement;
  private readonly reason: HTMLInputElement;
  private readonly author: HTMLInputElement;
  private readonly said = h('p', { class: 'order-said', role: 'status', 'data-testid': 'order-said' });
  private readonly buttons = h('div', { class: 'order-buttons' });
  private shown = '';
  private subject = '';

  constructor(name: string, reasons: string[]) {
    this.reason = h('input', { type: 'text', maxlength: 500, placeholder: 'Reason', 'aria-label': 'Reason', 'data-testid': 'order-reason' });
    this.author = h('input', { type: 'text', maxlength: 80, placeholder: 'Name', 'aria-label': 'Your name', 'data-testid': 'order-author' });
    this.author.value = known();
    const chips = reasons.map((text) => button(`Reason: ${text}`, text, () => (this.reason.value = text), { class: 'chip-button' }));
    this.element = h(
      'div',
      { class: 'orders', 'data-testid': name },
      h('div', { class: 'order-fields' }, this.reason, this.author),
      h('div', { class: 'order-reasons' }, ...chips),
      this.buttons,
      this.said,
    );
  }

  /** Show the deeds that are possible now; what was said is forgotten with another subject. */
  show(subject: string, deeds: Deed[]): void {
    if (subject !== this.subject) this.say('', false);
    this.subject = subject;
    const key = `${subject} ${deeds.map((deed) => deed.id + deed.label).join()}`;
    if (key === this.shown) return;
    this.shown = key;
    this.buttons.replaceChildren(
      ...deeds.map((deed) =>
        button(deed.title, deed.label, () => void this.send(deed), { class: deed.look || null, 'data-testid': `order-${deed.id}` }),
      ),
    );
  }

  private async send(deed: Deed): Promise<void> {
    const reason = this.reason.value.trim();
    if (deed.needsReason && !reason) {
      this.say('Say why: type a reason, or take one of those offered.', true);
      this.reason.focus();
      return;
    }
    keep(this.author.value.trim());
    const subject = this.subject;
    this.say('Sending …', false);
    const refused = await deed.send({ reason, author: this.author.value.trim() || 'operator' });
    if (subject !== this.subject) return;
    if (refused === null) this.reason.value = '';
    this.say(refused ?? deed.done, refused !== null);
  }

  private say(text: string, isProblem: boolean): void {
    setText(this.said, text);
    this.said.classList.toggle('problem', isProblem);
  }
}
