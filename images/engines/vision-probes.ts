import type { HttpProbe } from '../boot/probe.ts'
import { chatBody } from './openai-probes.ts'

/** PNGs of 224 x 224 pixels of one colour. Two of them, since a server that sees nothing may guess one. */
const pictures = [
  {
    id: 'vision',
    colour: 'red',
    other: 'blue',
    png: 'iVBORw0KGgoAAAANSUhEUgAAAOAAAADgAQMAAAAg4/iiAAAABlBMVEX/AAD/AAD/OybuAAAAHUlEQVR42u3BMQEAAADCoPVPbQZ/oAAAAAAAAHgMGWAAAQrTbh4AAAAASUVORK5CYII=',
  },
  {
    id: 'vision-other',
    colour: 'blue',
    other: 'red',
    png: 'iVBORw0KGgoAAAANSUhEUgAAAOAAAADgAQMAAAAg4/iiAAAABlBMVEUAAP8AAP9WYFCzAAAAHUlEQVR42u3BMQEAAADCoPVPbQZ/oAAAAAAAAHgMGWAAAQrTbh4AAAAASUVORK5CYII=',
  },
] as const

/** Pictures of one colour, which the answer must name. */
export function visionProbes(model: string): HttpProbe[] {
  return pictures.map(({ id, colour, other, png }) => ({
    id,
    group: 'serve',
    title: `a picture that is ${colour} all over is called ${colour}`,
    required: true,
    request: { method: 'POST', path: '/v1/chat/completions', body: body(model, png) },
    expect: {
      type: 'json',
      status: 200,
      checks: [{ at: 'choices.0.message.content', rule: 'mentions', value: colour, without: other }],
    },
    timeoutSeconds: 120,
  }))
}

function body(model: string, png: string) {
  const content = [
    { type: 'image_url', image_url: { url: `data:image/png;base64,${png}` } },
    { type: 'text', text: 'Which colour is this picture? Answer in one word.' },
  ]
  return { ...chatBody(model, '', 64), messages: [{ role: 'user', content }] }
}
