import { type Command, Option } from 'commander';
import { CONVERT_TYPES, type ConvertType } from '../lib/convert/index.js';
import { formatBytes, plural } from '../lib/format.js';
import { convertModel } from '../lib/index.js';
import type { AddCommand, Context } from './context.js';
import { EXIT } from './exit.js';
import { outputFile } from './options.js';
import { viewOn } from './progress/views.js';

/** The options of `longembed convert`, as commander gives them. */
interface ConvertCommandOptions {
  output: string;
  type: ConvertType;
  name?: string;
  force?: boolean;
  quiet?: boolean;
}

/** `longembed convert`. */
export const addConvert: AddCommand = (program, context, exit) => {
  addConvertOptions(
    program.command('convert').description('make a GGUF file of a model in Hugging Face form'),
  ).action(async (folder: string, options: ConvertCommandOptions) =>
    exit(await convert(folder, options, context)),
  );
};

function addConvertOptions(command: Command): Command {
  return command
    .argument('<folder>', 'the model: a folder with config.json, the tokenizer and .safetensors files')
    .requiredOption('-o, --output <file>', 'the GGUF file to write', outputFile)
    .addOption(
      new Option('-t, --type <type>', 'what the matrices are stored as')
        .choices(CONVERT_TYPES)
        .default('f16'),
    )
    .option('--name <name>', "the model's name, by which longembed recognizes it (default: the folder's)")
    .option('--force', 'replace the output if it exists')
    .optionsGroup('Other:')
    .option('-q, --quiet', 'no progress on standard error')
    .helpOption('-h, --help', 'this help')
    .usage('[options] --output FILE FOLDER')
    .addHelpText('after', HELP);
}

const HELP = `
Converts what llama.cpp's own converter lacks, and some of what it has, without Python:
  BERT         E5, GTE, BGE, MiniLM, Contriever, mxbai (WordPiece vocabularies)
  E5-RoPE      BERT whose attention rotates, as architecture jina-bert-v3
  T5 encoders  GTR and Sentence-T5, with the dense layer after pooling
  Gemma        EmbeddingGemma, with its two dense layers
Pooling and dense layers are read from sentence-transformers' files (modules.json). Nothing in the folder is executed:
weights must be .safetensors, not pickles. For other models the error has the command for llama.cpp's converter.

Examples:
  longembed convert e5rope-base --output e5rope-base-f16.gguf
  longembed convert gtr-t5-base --type q8_0 --output gtr-t5-base-q8_0.gguf
  longembed convert checkpoint --name e5-base-v2 --output e5-base-v2-f16.gguf

Exit status: 0 done; 2 unusable arguments, model or output.
`;

/** `longembed convert`: a folder in, a model file out. Resolves to the exit code. */
async function convert(
  folder: string,
  { output, type, name, force, quiet }: ConvertCommandOptions,
  { stderr, signal }: Context,
): Promise<number> {
  const view = viewOn(stderr, quiet === true);
  try {
    const written = await convertModel(folder, output, {
      type,
      name,
      overwrite: force,
      signal,
      onProgress: (fraction) => view.loading(fraction, 'writing the model'),
    });
    if (written.pooling === null) {
      view.message(
        'longembed: note: the folder does not name a pooling: unless the model is known by its name, embed needs --pooling.',
      );
    }
    if (written.excludesPrompt) {
      view.message(
        "longembed: note: the original leaves a prompt's tokens out of the mean (include_prompt: false), which a GGUF file " +
          'cannot say: embed without a prompt.',
      );
    }
    const dense = written.denseLayers === 0 ? '' : `, ${plural(written.denseLayers, 'dense layer')}`;
    view.summary(
      `longembed: wrote ${written.path}, ${formatBytes(written.sizeBytes)}: ${written.architecture}, ` +
        `${written.type}, named ${JSON.stringify(written.name)}${dense}`,
    );
  } finally {
    view.end();
  }
  return EXIT.done;
}
