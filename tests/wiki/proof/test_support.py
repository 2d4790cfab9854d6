"""Support: what a sentence may say of the claims that it cites, and what it may not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.wiki.proof.support import unsupported

# (sentence, evidence, why it is supported)
SUPPORTED = [
    # Copies
    ("Muon orthogonalises the momentum.", "Muon orthogonalises the momentum.", "a copy"),
    ("Muon orthogonalises the momentum", "Muon orthogonalises the momentum.", "a copy without its stop"),
    ("Muon’s update isn’t “free”.", "Muon's update isn't \"free\".", "a copy with other quotation marks"),
    ("**Muon** orthogonalises the `momentum`.", "Muon orthogonalises the momentum.", "a copy with marks of emphasis"),
    ("Muon orthogonalises the momentum.", "Note: Muon orthogonalises the momentum, as said.", "a part"),
    ("", "Anything.", "nothing is said"),
    # Numbers
    ("The model has 12 layers.", "The model has 12 layers and 8 heads.", "the same number"),
    ("The model has twelve layers.", "The model has 12 layers.", "a number in words"),
    ("The model has 12 layers.", "It is a twelve-layer model.", "a number in words with a hyphen"),
    ("It saw 5,000 tokens.", "It saw 5k tokens.", "thousands, sign"),
    ("It saw 5000 tokens.", "It saw 5,000 tokens.", "thousands, separator"),
    ("It saw 5000 tokens.", "It saw 5 000 tokens.", "thousands, space"),
    ("It has 1.5 billion parameters.", "It has 1.5B parameters.", "magnitude, sign"),
    ("It has 124 million parameters.", "It has 124M parameters.", "magnitude, word"),
    ("It has two million parameters.", "It has 2,000,000 parameters.", "magnitude, number word"),
    ("It has 1,500M parameters.", "It has 1.5 billion parameters.", "two magnitudes"),
    ("The rate is 3e-4.", "The rate is 0.0003.", "scientific notation"),
    ("The rate is 3×10^-4.", "The rate is 3e-4.", "two scientific notations"),
    ("The rate is 3×10⁻⁴.", "The rate is 3 x 10^-4.", "raised digits"),
    ("A million steps were run.", "10⁶ steps were run.", "a power of ten"),
    ("The batch has 524,288 tokens.", "The batch has 2^19 tokens.", "a power of two"),
    ("Half of the tokens are masked.", "50 % of the tokens are masked.", "half and percent"),
    ("50% of the tokens are masked.", "One half of the tokens is masked.", "percent and half"),
    ("0.5 of the heads are pruned.", "Half of the heads are pruned.", "0.5 and half"),
    ("Two thirds of the runs fail.", "2/3 of the runs fail.", "a fraction in words"),
    ("A quarter of the runs fail.", "25 percent of the runs fail.", "a quarter and percent"),
    ("½ of the runs fail.", "Half of the runs fail.", "a fraction sign"),
    ("It is twice as fast.", "It is two times as fast.", "twice"),
    ("It is ten times faster.", "It is 10x faster.", "ten times"),
    ("It is a tenfold gain.", "It is a gain of 10×.", "tenfold"),
    ("The cost doubled.", "The cost became twice as high.", "doubled"),
    ("It takes two to three days.", "It takes 2-3 days.", "a range"),
    ("It takes between 2 and 3 days.", "It takes 2–3 days.", "a range with a dash"),
    ("Sequences have 256, 512 or 1024 tokens.", "Sequences of 256 tokens, 512 tokens and 1024 tokens.", "a list"),
    ("It costs $5 million.", "It costs 5 million dollars.", "money"),
    ("It takes 300 s.", "It takes 5 minutes.", "a time converted"),
    ("It takes 300 seconds.", "It takes 300s.", "a unit as sign"),
    ("It needs 2 GB.", "It needs 2000 MB.", "bytes converted"),
    ("It is 1.5 km long.", "It is 1500 m long.", "metres converted"),
    ("It takes 250 ms.", "It takes 0.25 seconds.", "milliseconds converted"),
    ("The loss is 0.97 bits per byte.", "The loss is 0.97 bpb.", "bits per byte"),
    ("It reads 300 tokens/s.", "It reads 300 tokens per second.", "a rate"),
    ("It needs about 100 MB.", "It needs 103 MB.", "rounded, and said so"),
    ("It needs roughly 20 hours.", "It needs 19.5 hours.", "rounded, and said so"),
    ("It needs over 100 MB.", "It needs 103 MB.", "a bound just below"),
    ("It needs nearly 20 hours.", "It needs 19.5 hours.", "a bound just above"),
    ("It needs ~100 MB.", "It needs 98 MB.", "rounded with a sign"),
    ("One layer is enough.", "A single layer is enough.", "one and single"),
    ("There were zero crashes.", "There were no crashes.", "zero and no"),
    ("One of the runs failed.", "A run failed.", "the pronoun is no number"),
    ("One can see it fall.", "It falls visibly.", "the pronoun is no number"),
    ("The temperature is 20 °C.", "The temperature is 20 °C at night.", "a degree"),
    ("It fell by −2.5 points.", "It fell by -2.5 points.", "two minus signs"),
    ("Thousands of pages were read.", "It read 5,000 pages.", "a vague number of the right size"),
    ("The first layer is frozen.", "Layer one, the first layer, is frozen.", "an ordinal"),
    ("First, the data are read.", "The data are read.", "an ordinal as adverb"),
    ("The 12 layers share weights.", "All 12 transformer layers share weights.", "an adjective between"),
    ("It uses 8-bit weights.", "It uses weights of 8 bits.", "a unit behind a hyphen"),
    ("It uses 12 attention heads.", "It uses 12 heads.", "what is counted said more exactly"),
    # Dates
    ("It appeared in November 2026.", "It appeared on 2026-11-22.", "a coarser date"),
    ("It appeared in 2026.", "It appeared on 22 November 2026.", "only the year"),
    ("It appeared on 22 November 2026.", "It appeared on 2026-11-22.", "another form"),
    ("It appeared on Nov 22, 2026.", "It appeared on 22 November 2026.", "an American form"),
    ("It appeared on November 22nd, 2026.", "It appeared on 22 November 2026.", "an ordinal day"),
    ("It appeared in the 1990s.", "It appeared in 1994.", "a decade"),
    ("It appeared in 2017.", "Vaswani et al. (2017) proposed it.", "a year in brackets"),
    ("It appeared in November.", "It appeared on 2026-11-22.", "only the month"),
    # Names
    ("They use Adam here.", "Adam is used.", "a name"),
    ("It was made by AT&T there.", "It was made by AT&T.", "an ampersand in a name"),
    ("They use GPUs.", "They use a GPU.", "plural"),
    ("It is the Transformer's core.", "It is the core of transformers.", "possessive and case"),
    ("They trained GPT-2.", "They trained GPT2.", "a hyphen less"),
    ("They trained GPT-2.", "They trained GPT 2.", "a space for the hyphen"),
    ("They trained Llama 3.1.", "Llama 3.1 was trained.", "a name with a version"),
    ("They ran it on A100s.", "They ran it on one A100 GPU.", "plural of an identifier"),
    ("It uses BPE.", "It uses byte-pair encoding.", "an acronym spelled out"),
    ("Its val_bpb falls.", "The val_bpb falls.", "an identifier with an underscore"),
    ("They cite Figure 2.", "They cite Fig. 2.", "a reference in short"),
    ("Training with AdamW works.", "AdamW works for training.", "CamelCase"),
    ("It says [12] as much.", "It says as much.", "a citation mark is no name"),
    # Negation
    ("Adam does not need warm-up.", "Adam needs no warm-up.", "two forms of not"),
    ("Adam needs no warm-up.", "Adam does not require any warm-up.", "another verb"),
    ("Warm-up is not needed.", "Adam does not need warm-up.", "passive"),
    ("Adam trains without warm-up.", "Adam does not need warm-up.", "without"),
    ("Training is not stable.", "Training is unstable.", "a prefix for not"),
    ("Training is unstable.", "Training is not stable.", "not for a prefix"),
    ("The result is not reproducible.", "The result cannot be reproduced: it is irreproducible.", "two denials"),
    ("It uses not only momentum but also decay.", "It uses momentum and decay.", "not only is no denial"),
    ("It uses momentum.", "It uses not only decay but also momentum.", "not only is no denial"),
    ("The run never converges.", "The run fails to converge.", "fails to"),
    ("It cannot train without warm-up.", "It needs warm-up to train.", "a double denial"),
    ("The model lacks bias terms.", "The model has no bias terms.", "lacks"),
    ("The method isn't new.", "The method is not new.", "a contraction"),
    ("No more than 5 layers are used.", "At most 5 layers are used.", "no more than is no denial"),
    ("The schedule does not matter.", "The schedule doesn’t matter.", "a typographic contraction"),
    ("Neither Adam nor SGD converges.", "Adam does not converge, nor does SGD converge.", "neither and nor"),
    ("Adam uses momentum and needs no warm-up.", "Adam uses momentum. It needs no warm-up.", "both at once"),
    ("It rarely fails.", "It rarely fails in practice.", "rarely, in both"),
    ("Training diverges without warm-up.", "Without warm-up, training diverges.", "another order"),
    ("Loss falls when the rate is not high.", "When the rate is not high, loss falls.", "another order"),
    ("Many are without work.", "Many are without work. They aren't without hope.", "two denials, then another one"),
    ("RMSNorm replaces LayerNorm.", "It uses RMSNorm instead of LayerNorm.", "instead of, said in another way"),
    # Direction
    ("Loss falls as depth increases.", "As depth increases, loss falls.", "another order"),
    ("Adam is slower than SGD.", "SGD is faster than Adam.", "the opposite with its sides exchanged"),
    ("SGD is faster than Adam.", "SGD is faster than Adam on small data.", "the same comparison"),
    ("The loss decreases.", "The loss drops from 3 to 2.", "a synonym"),
    ("Larger models need more data.", "Larger models need more data than smaller ones.", "both words in the evidence"),
    # Several claims
    ("GPT-2 has 12 layers and GPT-3 has 96.", ("GPT-2 has 12 layers.", "GPT-3 has 96 layers."), "two claims"),
    ("Adam needs no warm-up, but SGD does.", ("Adam needs no warm-up.", "SGD needs warm-up."), "two claims"),
    ("SGD needs warm-up.", ("Adam needs no warm-up.", "SGD needs warm-up."), "of two claims the nearer"),
]

# (sentence, evidence, kind of the reason, why it is not supported)
UNSUPPORTED = [
    # Numbers
    ("Muon is ten times faster.", "Muon is about twice as fast.", "number", "ten times for twice"),
    ("The model has 13 layers.", "The model has 12 layers.", "number", "another number"),
    ("The model has thirteen layers.", "The model has 12 layers.", "number", "another number in words"),
    ("The model has 12 layers.", "The model has layers.", "number", "a number from nowhere"),
    ("It saw 5M tokens.", "It saw 5k tokens.", "number", "another magnitude"),
    ("It has 15 billion parameters.", "It has 1.5 billion parameters.", "number", "the point lost"),
    ("It has 1.5 million parameters.", "It has 1.5 billion parameters.", "number", "another magnitude word"),
    ("The rate is 3e-3.", "The rate is 3e-4.", "number", "another exponent"),
    ("The rate is 10^5.", "The rate is 10^6.", "number", "another power"),
    ("106 steps were run.", "10⁶ steps were run.", "number", "a power is no row of digits"),
    ("It needs 100 MB.", "It needs 103 MB.", "number", "rounded, and not said so"),
    ("It needs about 100 MB.", "It needs 120 MB.", "number", "rounded too far"),
    ("It needs over 100 MB.", "It needs 98 MB.", "number", "not over"),
    ("It needs less than 100 MB.", "It needs 103 MB.", "number", "not less"),
    ("A third of the runs fail.", "A quarter of the runs fail.", "number", "another fraction"),
    ("Half of the runs fail.", "30 % of the runs fail.", "number", "half for 30 %"),
    ("It takes 2-4 days.", "It takes 2-3 days.", "number", "another end of a range"),
    ("It fell by 5.", "It fell by -5 to +3.", "number", "the sign lost"),
    ("Two runs failed.", "Three runs failed.", "number", "another small number"),
    ("The cost tripled.", "The cost doubled.", "number", "tripled for doubled"),
    ("Millions of pages were read.", "It read 5,000 pages.", "number", "a vague number of the wrong size"),
    ("The second layer is frozen.", "The first layer is frozen.", "number", "another ordinal of the same thing"),
    ("It saw one billion tokens.", "It saw one million tokens.", "number", "another magnitude word"),
    ("Twenty-five runs failed.", "Twenty runs failed.", "number", "a number of two words"),
    ("It takes 0.5 s.", "It takes 0.05 s.", "number", "a zero lost"),
    ("It has 1,000 layers.", "It has 10,000 layers.", "number", "a digit lost"),
    # Units
    ("It improved by 5 %.", "It improved by 5 points.", "unit", "percent for points"),
    ("It improved by 5 %.", "It improved by 5 percentage points.", "unit", "percent for percentage points"),
    ("It improved by 50.", "It improved by 50 %.", "unit", "the percent sign lost"),
    ("It needs 16 MB.", "It needs 16 GB.", "unit", "another unit"),
    ("It needs 16 GiB.", "It needs 16 GB.", "unit", "binary and decimal units"),
    ("It takes 5 minutes.", "It takes 5 hours.", "unit", "minutes for hours"),
    ("It takes 5 ms.", "It takes 5 s.", "unit", "milliseconds for seconds"),
    ("It has 8 layers and 12 heads.", "It has 12 layers and 8 heads.", "unit", "numbers exchanged"),
    ("It reads 300 tokens.", "It reads 300 tokens per second.", "unit", "a rate is no amount"),
    ("It is 2 times faster.", "It is 2 s faster.", "unit", "a factor for seconds"),
    ("It costs 5 euros.", "It costs $5.", "unit", "another currency"),
    ("It needs 5 GB.", "It needs 5.", "unit", "a unit from nowhere"),
    ("It has 12 bytes.", "It has 12 bits.", "unit", "bytes for bits"),
    ("It ran for 3 days.", "It ran for 3 weeks.", "unit", "days for weeks"),
    ("The loss is 0.97 bits per token.", "The loss is 0.97 bits per byte.", "unit", "per token for per byte"),
    ("Runs: 12 apples and 8 pears.", "Runs: 8 apples and 12 pears.", "number", "other things counted"),
    # Dates
    ("It appeared in December 2026.", "It appeared on 2026-11-22.", "date", "another month"),
    ("It appeared in 2025.", "It appeared on 2026-11-22.", "date", "another year"),
    ("It appeared on 22 November 2026.", "It appeared in November 2026.", "date", "finer than the evidence"),
    ("It appeared in November 2026.", "It appeared in 2026.", "date", "finer than the evidence"),
    ("It appeared on 23 November 2026.", "It appeared on 22 November 2026.", "date", "another day"),
    ("It appeared in the 1980s.", "It appeared in 1994.", "date", "another decade"),
    ("It appeared in 2017.", "It appeared long ago.", "date", "a year from nowhere"),
    ("It appeared on Nov 22, 2025.", "It appeared on Nov 22, 2026.", "date", "another year in an American form"),
    # Names
    ("They trained GPT-3.", "They trained GPT-2.", "name", "another number in a name"),
    ("They trained mw-2.", "They trained mw-3.", "name", "another number in a lower-case name"),
    ("They trained Llama 2.", "They trained Llama 3.1.", "name", "another version"),
    ("They trained Llama 3.", "They trained Llama 3.1.", "name", "a version cut"),
    ("They ran Python 3.12.", "They ran Python 3.11.", "name", "another version"),
    ("They use Adam here.", "They use SGD here.", "name", "another name"),
    ("It was used by Google.", "It was widely used.", "name", "a name from nowhere"),
    ("It uses AdamW.", "It uses Adam.", "name", "a longer name"),
    ("It runs on H100 cards.", "It runs on A100 cards.", "name", "another device"),
    ("RLHF improves it.", "Fine-tuning improves it.", "name", "an acronym opens the sentence"),
    ("PyTorch runs it.", "A library runs it.", "name", "CamelCase opens the sentence"),
    ("It is set in train.py.", "It is set in prepare.py.", "name", "another file"),
    ("It is shown in Figure 3.", "It is shown in Figure 2.", "name", "another figure"),
    ("The work of Andrej Karpathy shows it.", "The work shows it.", "name", "a person from nowhere"),
    ("It fixes v1.2.4.", "It fixes v1.2.3.", "name", "another version"),
    ("It obeys RFC 2119.", "It obeys RFC 2118.", "name", "another standard"),
    ("It starts at 12:30.", "It starts at 12:00.", "name", "another time"),
    # Negation
    ("Adam needs warm-up.", "Adam does not need warm-up.", "negation", "the not lost"),
    ("Adam does not need warm-up.", "Adam needs warm-up.", "negation", "a not added"),
    ("Warm-up is needed.", "Adam does not need warm-up.", "negation", "the not lost, passive"),
    ("Warm-up is not needed.", "Adam needs warm-up.", "negation", "a not added, passive"),
    ("Training is stable.", "Training is unstable.", "negation", "the prefix lost"),
    ("Training is unstable.", "Training is stable.", "negation", "a prefix added"),
    ("Training is not unstable.", "Training is unstable.", "negation", "a not before a prefix"),
    ("The run never converges.", "The run always converges.", "negation", "never for always"),
    ("The run converges.", "The run never converges.", "negation", "never lost"),
    ("The run converges.", "The run fails to converge.", "negation", "fails to lost"),
    ("It uses LayerNorm.", "It uses RMSNorm instead of LayerNorm.", "negation", "the rejected one affirmed"),
    ("The model has bias terms.", "The model has no bias terms.", "negation", "no lost"),
    ("The model has no bias terms.", "The model has bias terms.", "negation", "no added"),
    ("It works with warm-up.", "It works without warm-up.", "negation", "with for without"),
    ("It can be parallelised.", "It cannot be parallelised.", "negation", "cannot lost"),
    ("It can't be parallelised.", "It can be parallelised.", "negation", "can't added"),
    ("Neither Adam nor SGD converges.", "Adam and SGD converge.", "negation", "neither added"),
    ("The model lacks attention.", "The model has attention.", "negation", "lacks added"),
    ("The kernel is linear.", "The kernel is non-linear.", "negation", "non- lost"),
    ("The estimate is accurate.", "The estimate is inaccurate.", "negation", "in- lost"),
    ("The update is impossible.", "The update is possible.", "negation", "im- added"),
    ("No optimiser wins.", "The optimiser wins.", "negation", "no before the subject"),
    ("The gain is not significant.", "The gain is significant.", "negation", "a not added before an adjective"),
    ("The gain is significant.", "There was no significant gain.", "negation", "no lost before an adjective"),
    # Direction
    ("Loss increases with depth.", "Loss decreases with depth.", "direction", "increases for decreases"),
    ("More data helps.", "Less data helps.", "direction", "more for less"),
    ("It has a higher loss.", "It has a lower loss.", "direction", "higher for lower"),
    ("Decay is applied before the update.", "Decay is applied after the update.", "direction", "before for after"),
    ("SGD is faster than Adam.", "Adam is faster than SGD.", "direction", "the sides exchanged"),
    ("Adam is slower than SGD.", "Adam is faster than SGD.", "direction", "slower for faster"),
    ("SGD outperforms Adam.", "Adam outperforms SGD.", "direction", "the sides exchanged"),
    ("At least 5 runs are needed.", "At most 5 runs are needed.", "direction", "at least for at most"),
    ("It needs more than 5 GB.", "It needs less than 5 GB.", "direction", "more than for less than"),
    ("The larger model wins.", "The smaller model wins.", "direction", "larger for smaller"),
    # Several claims
    (
        "SGD needs warm-up.",
        ("Adam needs warm-up.", "SGD does not need warm-up."),
        "negation",
        "the nearer claim denies",
    ),
    ("Muon is ten times faster.", ("Muon is fast.", "It is twice as fast."), "number", "in none of two claims"),
]

# The same said in other words: (sentence, evidence)
PARAPHRASES = [
    ("The baseline reached 0.9979 val_bpb.", "The unchanged program scored val_bpb 0.9979."),
    (
        "Muon needs roughly half the steps of AdamW.",
        "Muon reached the same loss as AdamW with about half as many steps.",
    ),
    ("Warm-up is unnecessary with QK-norm.", "With QK-norm, warm-up is not necessary."),
    ("Warm-up is not necessary with QK-norm.", "With QK-norm, warm-up is unnecessary."),
    ("RMSNorm omits the mean subtraction of LayerNorm.", "RMSNorm does not subtract the mean, unlike LayerNorm."),
    ("RMSNorm does not subtract the mean.", "RMSNorm skips the mean subtraction that LayerNorm does."),
    ("The tokenizer has a vocabulary of 8192 tokens.", "The vocabulary has 8,192 entries (tokens)."),
    (
        "In 2017, Vaswani et al. introduced the Transformer.",
        "The Transformer was introduced by Vaswani et al. in 2017.",
    ),
    ("Bits per byte is independent of the tokeniser.", "Bits per byte does not depend on the tokeniser."),
    ("Bits per byte does not depend on the tokeniser.", "Bits per byte is independent of the tokeniser."),
    ("A batch of 2^19 tokens was used.", "The batch size was 524,288 tokens."),
    ("Training ran for five minutes.", "Each run had a time budget of 300 seconds."),
    ("The model has no more than 5M parameters.", "The model has at most 5 million parameters."),
    ("GPUs such as the H100 are fast.", "The H100 is a fast GPU."),
    ("The loss fell from 3.2 to 2.8.", "The loss dropped from 3.2 to 2.8 during training."),
    ("Adam keeps two moments per parameter.", "Adam stores two moment estimates for each parameter."),
    ("Cosine decay is not better than linear decay.", "Cosine decay is no better than linear decay."),
    ("It isn't clear whether depth helps.", "It is unclear whether depth helps."),
    (
        "Larger batches do not help beyond the critical size.",
        "Beyond the critical batch size, larger batches bring no gain.",
    ),
    ("Gradient clipping prevents divergence.", "Gradient clipping prevents training from diverging."),
    ("The optimizer state takes 8 bytes per parameter.", "The optimizer state needs 8 bytes/parameter."),
    ("It was 10 times slower.", "It was ten times as slow."),
    (
        "The second moment is biased toward zero.",
        "The estimate of the second moment is biased toward zero at the start.",
    ),
    ("The run took 1 hour.", "The run took 60 minutes."),
    ("The run took an hour.", "The run took one hour."),
    ("Experiments were run on 4 GPUs for 2 days.", "We ran our experiments on four GPUs for two days."),
    ("The dataset contains 10,000 documents.", "10 000 documents are in the dataset."),
    ("Kaplan et al. found a power law.", "A power law was found by Kaplan et al. (2020)."),
    ("Weight decay of 0.1 is used.", "We use a weight decay of 0.1."),
    ("The exponent is −0.5.", "The exponent is -0.5."),
    ("Only matrix parameters are orthogonalised.", "Muon orthogonalises only matrix parameters."),
    (
        "Muon is applied to matrices; embeddings use AdamW.",
        "Muon is applied to matrices, while embeddings are trained with AdamW.",
    ),
    ("Dropout was not used.", "No dropout was used."),
    ("There is no dropout.", "Dropout is not used."),
    ("The gain disappears at scale.", "At scale, the gain disappears."),
    ("No single optimiser wins on all tasks.", "No optimiser wins on every task."),
    ("Training is unstable above a rate of 0.02.", "Above a learning rate of 0.02, training becomes unstable."),
    ("It achieves 76.5% accuracy on MMLU.", "On MMLU its accuracy is 76.5 %."),
    ("The vocabulary grew from 32K to 128K tokens.", "The vocabulary grew from 32,000 to 128,000 tokens."),
    ("Most of the compute goes into the feed-forward layers.", "The feed-forward layers take most of the compute."),
    ("Rotary embeddings need no learned parameters.", "Rotary embeddings have no learned parameters."),
    (
        "Positions beyond the training length are not handled well.",
        "It does not handle positions beyond the training length well.",
    ),
    ("The method is cheap.", "The method is not expensive."),
    ("The first token attracts attention.", "Attention concentrates on the first token."),
    ("Without QK-norm, logits grow.", "Logits grow if there is no QK-norm."),
    (
        "The schedule has three phases: warm-up, stable and decay.",
        "The schedule has 3 phases, namely warm-up, stable, and decay.",
    ),
    ("Byte-level BPE never produces unknown tokens.", "With byte-level BPE there are no unknown tokens."),
    ("Unknown tokens cannot occur.", "There are no unknown tokens; they cannot occur."),
    ("Loss is lower with Muon than with AdamW.", "Muon gives a lower loss than AdamW."),
    ("Muon beats AdamW.", "AdamW is beaten by Muon."),
]

MORE_PARAPHRASES: list[tuple[str, list[str]]] = [
    (
        "Muon, introduced by Keller Jordan in 2024, orthogonalises momentum.",
        ["Keller Jordan introduced Muon in 2024.", "Muon orthogonalises momentum."],
    ),
    ("Warm-up lasts 200 of the 5,000 steps.", ["Warm-up takes the first 200 steps of 5,000."]),
    ("The sources disagree: one says 0.02, the other 0.01.", ["The rate should be 0.02.", "We use 0.01."]),
    ("According to the lab diary, 22 of 125 experiments were kept.", ["Of 125 experiments, 22 were kept."]),
    ("Bits per byte (bpb) normalises by bytes.", ["Bits per byte, or BPB, normalises by the number of bytes."]),
    ("It is the mean of three seeds.", ["Each value is the mean over 3 seeds."]),
    ("The U.S. released it in Jan. 2020.", ["It was released by the U.S. in January 2020."]),
    ("A GPT-2-style model is used.", ["A model in the style of GPT-2 is used."]),
    ("Attention costs O(n^2) memory.", ["The memory cost of attention is O(n²)."]),
    ("Attention costs O(n^2) memory.", ["The memory cost of attention is O(n^2)."]),
    ("E.g. Adam works.", ["Adam works."]),
    ("ReLU is max(0, x).", ["ReLU computes max(0, x)."]),
    ("SwiGLU replaced GELU in Llama.", ["Llama uses SwiGLU instead of GELU."]),
    ("Llama does not use GELU.", ["Llama uses SwiGLU instead of GELU."]),
    ("Learning rates between 1e-4 and 1e-3 work.", ["Rates from 0.0001 to 0.001 work."]),
    ("The corpus has 10.2 MB of text.", ["The corpus is 10.2 MB."]),
    ("Depth 8 and width 512 are used.", ["The model has depth 8 and dim 512 (its width)."]),
    (
        "Chinchilla suggests 20 tokens per parameter.",
        ["About 20 tokens per parameter are optimal according to Chinchilla."],
    ),
    ("A 7B model needs 14 GB in fp16.", ["In fp16 a model of 7 billion parameters needs 14 GB."]),
    ("The second run failed.", ["Of two runs, the second failed."]),
    ("Both runs failed.", ["The two runs failed."]),
    ("The loss never rises.", ["The loss does not rise at any point."]),
    ("It is not known why.", ["Why this is so is unknown."]),
    ("It has nothing to do with depth.", ["It does not depend on depth."]),
    ("No warm-up is needed because the update is bounded.", ["Since the update is bounded, warm-up is not needed."]),
    ("The optimizer is not sensitive to the rate.", ["The optimizer is insensitive to the rate."]),
    ("Large models are not necessarily better.", ["Larger models are not always better."]),
    ("Cosine decay ends at 10% of the peak.", ["Cosine decay ends at one tenth of the peak."]),
    ("Training used 64 A100 GPUs for 21 days.", ["It was trained for 21 days on 64 A100-80GB GPUs."]),
    ("The dataset is 1.5 TB.", ["The dataset is 1,500 GB."]),
    ("It has 768-dimensional embeddings.", ["Embeddings have 768 dimensions."]),
    ("The ratio is 4:1.", ["A ratio of 4:1 is used."]),
    ("The half-life is 2 h.", ["It has a half-life of two hours."]),
    ("Andrej Karpathy's nanochat is small.", ["nanochat, by Andrej Karpathy, is small."]),
    ("Tokenisation isn't reversible in all cases.", ["Tokenisation is not always reversible."]),
]

# Something else said in nearly the same words: (sentence, evidence)
MORE_DISTORTIONS: list[tuple[str, list[str]]] = [
    (
        "Muon, introduced by Keller Jordan in 2025, orthogonalises momentum.",
        ["Keller Jordan introduced Muon in 2024.", "Muon orthogonalises momentum."],
    ),
    ("Warm-up lasts 5,000 of the 200 steps and 30 more.", ["Warm-up takes the first 200 steps of 5,000."]),
    ("23 of 125 experiments were kept.", ["Of 125 experiments, 22 were kept."]),
    ("It is the mean of five seeds.", ["Each value is the mean over 3 seeds."]),
    ("A GPT-4-style model is used.", ["A model in the style of GPT-2 is used."]),
    ("Llama uses GELU.", ["Llama uses SwiGLU instead of GELU."]),
    ("Learning rates between 1e-4 and 1e-2 work.", ["Rates from 0.0001 to 0.001 work."]),
    (
        "Chinchilla suggests 20 parameters per token.",
        ["About 20 tokens per parameter are optimal according to Chinchilla."],
    ),
    ("A 7B model needs 14 GB in fp32.", ["In fp16 a model of 7 billion parameters needs 14 GB."]),
    ("A 70B model needs 14 GB.", ["A model of 7 billion parameters needs 14 GB."]),
    ("The loss rises.", ["The loss does not rise at any point."]),
    ("Warm-up is needed because the update is bounded.", ["Since the update is bounded, warm-up is not needed."]),
    ("The optimizer is sensitive to the rate.", ["The optimizer is insensitive to the rate."]),
    ("Training used 64 V100 GPUs for 21 days.", ["It was trained for 21 days on 64 A100-80GB GPUs."]),
    ("Training used 64 A100 GPUs for 21 hours.", ["It was trained for 21 days on 64 A100-80GB GPUs."]),
    ("The dataset is 15 TB.", ["The dataset is 1,500 GB."]),
    ("The ratio is 5:1.", ["A ratio of 4:1 is used."]),
    ("The optimiser reduces memory tenfold.", ["The optimiser reduces memory by 10 %."]),
    ("OpenAI released it.", ["It was released by Meta."]),
    ("It costs €5.", ["It costs $5."]),
    ("The temperature is 20 °F.", ["The temperature is 20 °C."]),
    ("Loss goes down with more data.", ["Loss goes up with more data."]),
    ("Fewer tokens are better.", ["More tokens are better."]),
    ("It was trained for one epoch.", ["It was trained for four epochs."]),
    ("It works in no case.", ["It works in every case."]),
    ("Nobody uses it.", ["Everybody uses it."]),
    ("It is impossible to train.", ["It is possible to train."]),
    ("Both runs converged.", ["Neither run converged."]),
    ("Adam without momentum works best.", ["Adam with momentum works best."]),
    ("It improves nothing.", ["It improves accuracy."]),
    ("He won a Nobel Prize.", ["He won a prize."]),
    ("The method was published in Nature.", ["The method was published."]),
    ("It takes 3.5 hours.", ["It takes 35 hours."]),
    ("The probability is 0.3.", ["The probability is 3 %."]),
    ("It's 1/3 of the cost.", ["It's 2/3 of the cost."]),
    ("Loss is -0.5.", ["Loss is 0.5."]),
    ("The limit is 10 000 tokens.", ["The limit is 1 000 tokens."]),
]
DISTORTIONS = [
    ("The baseline reached 0.9797 val_bpb.", "The unchanged program scored val_bpb 0.9979."),
    ("Muon needs roughly a third of the steps.", "Muon needs about half as many steps."),
    ("Warm-up is necessary with QK-norm.", "With QK-norm, warm-up is unnecessary."),
    ("RMSNorm subtracts the mean.", "RMSNorm does not subtract the mean."),
    ("Bits per byte depends on the tokeniser.", "Bits per byte does not depend on the tokeniser."),
    ("Bits per byte depends on the tokeniser.", "Bits per byte is independent of the tokeniser."),
    ("Training ran for 5 hours.", "Each run had a time budget of 300 seconds."),
    ("Dropout was used.", "No dropout was used."),
    ("Dropout is used in all runs.", "Dropout was not used."),
    ("Cosine decay is better than linear decay.", "Cosine decay is no better than linear decay."),
    ("Linear decay is better than cosine decay.", "Cosine decay is better than linear decay."),
    ("AdamW beats Muon.", "Muon beats AdamW."),
    ("AdamW gives a lower loss than Muon.", "Muon gives a lower loss than AdamW."),
    ("Byte-level BPE produces unknown tokens.", "Byte-level BPE never produces unknown tokens."),
    ("Larger batches help beyond the critical size.", "Larger batches do not help beyond the critical size."),
    ("The loss rose during training.", "The loss fell during training."),
    ("The loss fell from 2.8 to 3.2.", "The loss fell from 3.2 to 2.8."),
    ("It achieves 76.5 accuracy points on MMLU.", "On MMLU its accuracy is 76.5 %."),
    ("It achieves 67.5% accuracy on MMLU.", "On MMLU its accuracy is 76.5 %."),
    ("Experiments ran on 4 TPUs.", "Experiments ran on 4 GPUs."),
    ("Hoffmann et al. found a power law.", "A power law was found by Kaplan et al. (2020)."),
    ("The method always converges.", "The method does not always converge."),
    ("The method sometimes works, but it hardly ever diverges.", "The method diverges."),
    ("All heads are needed.", "Not all heads are needed."),
    ("Adam requires tuning.", "Adam rarely requires tuning."),
    ("Every run diverged.", "None of the runs diverged."),
    ("Some runs diverged.", "No runs diverged."),
    ("It is true that scaling stops.", "It is not true that scaling stops."),
    ("The seed matters.", "The seed doesn't matter."),
    ("The test set was available.", "The test set was unavailable."),
    ("The results were confirmed.", "The results could not be confirmed."),
    ("Memory use is limited.", "Memory use is unlimited."),
    ("The model is fully deterministic.", "The model is nondeterministic."),
    ("Agreement was found.", "Disagreement was found."),
    ("Batch norm is used during inference.", "Batch norm is not used during inference."),
    ("Muon reduces the loss by 5 %.", "Muon reduces the loss by 0.5 %."),
    ("The rate is 0.02.", "The rate is 0.002."),
    ("The model uses 80 GB.", "The model uses 8 GB."),
    ("The model has seventy layers.", "The model has seventeen layers."),
    ("It was released in March 2024.", "It was released in May 2024."),
    ("Version 2.5 is faster.", "Version 2.4 is faster."),
    ("It takes twice the memory.", "It takes half the memory."),
    ("It takes a quarter of the memory.", "It takes four times the memory."),
    ("Accuracy was 90 percent.", "Accuracy was 0.09."),
    ("The learning rate warms up over 2000 steps.", "The learning rate warms up over 200 steps."),
    ("It needs fewer steps than AdamW.", "It needs more steps than AdamW."),
    ("Deeper models are worse.", "Deeper models are better."),
    ("It fails above 0.02.", "It fails below 0.02."),
    ("The minimum is 3.", "The maximum is 3."),
    ("It was discovered after the war in 1950.", "It was discovered before the war in 1950."),
]

OTHER_LANGUAGES = [
    ("de", "Das Modell hat 1000 Schichten.", "Das Modell hat 1.000 Schichten.", None, "Tausenderpunkt"),
    ("de", "Der Wert ist 2,5 Prozent.", "Der Wert ist 2,5 %.", None, "Komma und Prozent"),
    ("de", "Es ist zehnmal schneller.", "Es ist doppelt so schnell.", "number", "zehnmal statt doppelt"),
    ("de", "Der Wert ist 25.", "Der Wert ist 2,5.", "number", "Komma verloren"),
    ("de", "Das Modell braucht Aufwärmen.", "Das Modell braucht kein Aufwärmen.", "negation", "kein verloren"),
    ("de", "Das Modell konvergiert nicht.", "Das Modell konvergiert.", "negation", "nicht dazu"),
    ("de", "Das Modell konvergiert nicht.", "Das Modell konvergiert nicht immer.", None, "nicht in beiden"),
    ("de", "Das Verfahren nutzt die Schicht.", "Das Verfahren nutzt die Schicht nicht nur hier.", None, "nicht nur"),
    ("de", "Es erschien im November 2026.", "Es erschien am 22. November 2026.", None, "gröberes Datum"),
    ("de", "Das Modell läuft auf Hunden.", "Das Modell läuft.", None, "Substantive sind keine Namen"),
    ("de", "Das Modell läuft auf GPT-3.", "Das Modell läuft auf GPT-2.", "name", "anderer Name"),
    ("fr", "Le modèle a 1000 couches.", "Le modèle a 1 000 couches.", None, "espace des milliers"),
    ("fr", "Le modèle ne converge pas.", "Le modèle converge.", "negation", "négation ajoutée"),
    ("fr", "Le modèle converge.", "Le modèle ne converge jamais.", "negation", "négation perdue"),
    ("fr", "La valeur est 3,5.", "La valeur est 2,5.", "number", "autre nombre"),
    ("fr", "Paru en 2025.", "Paru le 22 novembre 2026.", "date", "autre année"),
    ("es", "El modelo necesita calentamiento.", "El modelo no necesita calentamiento.", "negation", "negación perdida"),
    ("es", "Tiene dos millones de tokens.", "Tiene 2 millones de tokens.", None, "palabra"),
    ("es", "Tiene tres millones de tokens.", "Tiene 2 millones de tokens.", "number", "otro número"),
    ("it", "Il modello non converge.", "Il modello converge.", "negation", "negazione aggiunta"),
    ("it", "Costa la metà.", "Costa il 50 %.", None, "metà"),
    ("pt", "O modelo não converge.", "O modelo converge.", "negation", "negação acrescentada"),
    ("pt", "Custa 2,5 milhões.", "Custa 2 500 000.", None, "milhões"),
    ("nl", "Het model convergeert niet.", "Het model convergeert.", "negation", "niet erbij"),
    ("nl", "Het kost 2,5 miljoen.", "Het kost 2.500.000.", None, "miljoen"),
    ("zh", "该模型需要预热。", "该模型不需要预热。", "negation", "否定丢失"),
    ("zh", "该模型不需要预热。", "该模型需要预热。", "negation", "否定增加"),
    ("zh", "速度提高了十倍。", "速度提高了两倍。", "number", "十倍"),
    ("zh", "速度提高了2倍。", "速度提高了两倍。", None, "两倍"),
    ("zh", "模型有12层。", "该模型有13层。", "number", "层数"),
    ("zh", "发表于2026年。", "发表于2026年11月22日。", None, "年份"),
    ("zh", "该方法不断改进模型。", "该方法不断改进该模型。", None, "不断不是否定"),
    ("ja", "モデルは収束する。", "モデルは収束しない。", "negation", "否定が失われた"),
    ("ja", "モデルは収束しません。", "モデルは収束します。", "negation", "否定が加わった"),
    ("ja", "学習率は3万です。", "学習率は30000です。", None, "万"),
    ("ko", "모델은 12개의 층을 가진다.", "모델은 13개의 층을 가진다.", "number", "other scripts: digits"),
    ("ru", "Модель имеет 12 слоёв.", "Модель имеет 13 слоёв.", "number", "other scripts: digits"),
]


def _texts(evidence: str | tuple[str, ...]) -> tuple[str, ...]:
    return (evidence,) if isinstance(evidence, str) else evidence


@pytest.mark.parametrize(("sentence", "evidence", "why"), SUPPORTED)
def test_accepts(sentence: str, evidence: str | tuple[str, ...], why: str) -> None:
    assert unsupported(sentence, _texts(evidence)) == (), why


@pytest.mark.parametrize(("sentence", "evidence", "kind", "why"), UNSUPPORTED)
def test_rejects(sentence: str, evidence: str | tuple[str, ...], kind: str, why: str) -> None:
    assert kind in [reason.kind for reason in unsupported(sentence, _texts(evidence))], why


@pytest.mark.parametrize(("language", "sentence", "evidence", "kind", "why"), OTHER_LANGUAGES)
def test_other_languages(language: str, sentence: str, evidence: str, kind: str | None, why: str) -> None:
    kinds = [reason.kind for reason in unsupported(sentence, [evidence], language=language)]
    assert (kind in kinds) if kind else not kinds, why


@pytest.mark.parametrize(
    ("sentence", "evidence"), [*((sentence, [claim]) for sentence, claim in PARAPHRASES), *MORE_PARAPHRASES]
)
def test_accepts_a_paraphrase(sentence: str, evidence: list[str]) -> None:
    assert unsupported(sentence, evidence) == ()


@pytest.mark.parametrize(
    ("sentence", "evidence"), [*((sentence, [claim]) for sentence, claim in DISTORTIONS), *MORE_DISTORTIONS]
)
def test_rejects_a_distortion(sentence: str, evidence: list[str]) -> None:
    assert unsupported(sentence, evidence)


def test_known_names_need_no_evidence() -> None:
    assert unsupported("They use Muon on A100 cards.", ["They use it on cards."], known_names=["Muon", "A100"]) == ()
    found = unsupported(
        "They use Muon on H100 cards.", ["They use it on cards."], known_names=frozenset(["Muon", "A100"])
    )
    assert [reason.detail for reason in found] == ['names "H100", which is in no cited claim']


def test_a_reason_says_what_to_mend() -> None:
    (reason,) = unsupported("Muon is ten times faster.", ["Muon is about twice as fast."])
    assert reason.detail == 'says "ten times", but the cited claims say "twice"'


def test_without_evidence_nothing_is_denied_or_affirmed() -> None:
    assert {reason.kind for reason in unsupported("GPT-2 does not have 12 layers.", [])} == {"number", "name"}


_LANGUAGES = st.sampled_from(["en", "de", "fr", "es", "it", "pt", "nl", "zh", "ja", "ko", "ru", "xx", ""])
_SENTENCES = [case[0] for case in (*SUPPORTED, *UNSUPPORTED)] + [case[1] for case in OTHER_LANGUAGES]


@given(st.text(max_size=120), st.text(max_size=120), _LANGUAGES)
def test_a_copy_is_supported_and_nothing_fails(text: str, other: str, language: str) -> None:
    assert unsupported(text, [other, text], language=language) == ()
    assert unsupported(f" {text} ", [text], language=language) == ()
    unsupported(text, [other], language=language)


@pytest.mark.parametrize("sentence", _SENTENCES)
def test_a_longer_claim_supports_what_it_holds(sentence: str) -> None:
    for language in ("en", "de", "fr", "es", "it", "pt", "nl", "zh", "ja"):
        assert unsupported(sentence, [f"{sentence} And so on."], language=language) == ()


@pytest.mark.parametrize(
    "text", ["not " * 2000, "no one or " * 2000, "1 of " * 2000, "A1-" * 3000, "Aa" * 5000, "than more " * 999]
)
def test_hostile_sentences_end(text: str) -> None:
    unsupported(text, [f"{text} x", "not a word"])
