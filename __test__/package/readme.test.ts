import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import ts from 'typescript'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
/** What is read by people, with its text. */
const DOCUMENTS = ['README.md', ...listed('docs'), ...listed('bench'), 'CHANGELOG.md'].map(
  (path) => [path, readFileSync(`${ROOT}${path}`, 'utf8')] as const,
)

/** What the examples take for granted: names of the package, and of the reader's own program. */
const GIVEN: Readonly<Record<string, string>> = {
  AdditionalOutputs: "import { AdditionalOutputs } from 'parley-rtc'",
  AsyncStreamHandler: "import { AsyncStreamHandler } from 'parley-rtc'",
  AudioFrame: "import type { AudioFrame } from 'parley-rtc'",
  EmitType: "import type { EmitType } from 'parley-rtc'",
  PlayedMark: "import { PlayedMark } from 'parley-rtc'",
  ReplyOnPause: "import { ReplyOnPause } from 'parley-rtc'",
  Stream: "import { Stream } from 'parley-rtc'",
  filter:
    "declare function filter(frame: import('parley-rtc').VideoFrame<Uint8Array>): import('parley-rtc').VideoEmitType",
  picture: "import { picture, testCall } from 'parley-rtc/testing'",
  VideoFrame: "import type { VideoFrame } from 'parley-rtc'",
  getTurnCredentials: "import { getTurnCredentials } from 'parley-rtc'",
  twilio: "import { twilio } from 'parley-rtc'",
  Assistant: "declare const Assistant: new () => import('parley-rtc').AsyncStreamHandler",
  connect: "import { connect } from 'parley-rtc/client'",
  answer: 'declare function answer(question: string, options: { signal: AbortSignal }): AsyncIterable<Int16Array>',
  app: "declare const app: import('express').Express",
  cutLastAnswerAfter: 'declare function cutLastAnswerAfter(ms: number): void',
  languageModel: 'declare function languageModel(question: string, signal: AbortSignal): AsyncIterable<string>',
  interrupts: 'declare function interrupts(samples: Int16Array): boolean',
  nextSentence: 'declare function nextSentence(): Promise<Int16Array>',
  transcribe:
    'declare function transcribe(rate: number, audio: Int16Array, options: { signal: AbortSignal }): Promise<string>',
  stream: "declare const stream: import('parley-rtc').Stream",
}

/** What those of one document take for granted instead. */
const GIVEN_THERE: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'docs/websocket.md': {
    app: "declare const app: import('hono').Hono",
    serve: "import { serve } from '@hono/node-server'",
  },
}

/** The pages of a folder. */
function listed(folder: string): string[] {
  return readdirSync(`${ROOT}${folder}`)
    .filter((name) => name.endsWith('.md'))
    .map((name) => `${folder}/${name}`)
}

/** An example as a program of its own: what it doesn't declare itself is declared before it. */
function programOf(path: string, example: string): string {
  const isGiven = ([name]: [string, string]): boolean => {
    const declares = new RegExp(`(?:const|class|function) ${name}\\b|import [^;\\n]*\\b${name}\\b`)
    return new RegExp(`\\b${name}\\b`).test(example) && !declares.test(example)
  }
  const given = Object.entries({ ...GIVEN, ...GIVEN_THERE[path] }).filter(isGiven)
  return [...given.map(([, declaration]) => declaration), example, 'export {}'].join('\n')
}

/** What the compiler has to say against programs that lie beside the README. */
function complaints(programs: ReadonlyMap<string, string>): string[] {
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    module: ts.ModuleKind.NodeNext,
    target: ts.ScriptTarget.ES2023,
    lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.esnext.disposable.d.ts'],
    types: ['node'],
  }
  const disk = ts.createCompilerHost(options)
  const host: ts.CompilerHost = {
    ...disk,
    fileExists: (path) => programs.has(path) || disk.fileExists(path),
    readFile: (path) => programs.get(path) ?? disk.readFile(path),
    getSourceFile: (path, version, ...rest) => {
      const text = programs.get(path)
      return text === undefined ? disk.getSourceFile(path, version, ...rest) : ts.createSourceFile(path, text, version)
    },
  }
  const found = ts.getPreEmitDiagnostics(ts.createProgram([...programs.keys()], options, host))
  return found.map(
    ({ file, messageText }) => `${file?.text ?? ''}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`,
  )
}

test('the compiler finds nothing wrong with the examples of the README and the other pages', (t) => {
  const programs = new Map<string, string>()
  for (const [path, text] of DOCUMENTS) {
    for (const [, example = ''] of text.matchAll(/```ts\n([\s\S]+?)```/g)) {
      programs.set(`${ROOT}example-${programs.size}-${path.replace(/\W/g, '-')}.mts`, programOf(path, example))
    }
  }
  const pages = new Set([...programs.keys()].map((path) => path.replace(/^.*example-\d+-/, '')))
  t.true(programs.size >= 8, `${programs.size} examples`)
  t.true(pages.size >= 3, [...pages].join(', '))
  t.deepEqual(complaints(programs), [])
})

test('what the pages link to is there', (t) => {
  for (const [path, text] of DOCUMENTS) {
    for (const [, link = ''] of text.matchAll(/\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)/g)) {
      t.notThrows(() => readFileSync(join(ROOT, dirname(path), link)), `${link} in ${path}`)
    }
  }
})

test('every command of the package that the pages name is one', (t) => {
  const { scripts } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')) as { scripts: Record<string, string> }
  const named = DOCUMENTS.flatMap(([path, text]) =>
    [...text.matchAll(/npm (?:run (?:-\w+ )*([\w:-]+)|(start|test)\b)/g)].map((match) => [
      path,
      match[1] ?? match[2] ?? '',
    ]),
  )
  t.true(named.length >= 10, `${named.length} commands`)
  t.deepEqual(
    named.filter(([, name = '']) => scripts[name] === undefined),
    [],
  )
})
