/** The texts for users, in the language of Gradio's page. Reasons of failures, and what Python receives, are English. */

/** Languages with a column in the table. Gradio has more: their users read English. */
export const LANGUAGES = ["de", "es", "fr", "pt", "pt-BR", "ja", "ko", "zh-CN", "zh-TW"];

/**
 * By the English text. Words that Gradio has, too, are Gradio's: `common`, `upload_text` and `chatbot` in its translations.
 * @type {Record<string, string[]>}
 */
export const WORDS = {
  // Buttons
  Upload: ["Hochladen", "Cargar", "Téléverser", "Carregar", "Fazer upload", "アップロード", "업로드", "上传", "上傳"],
  Download: ["Herunterladen", "Descargar", "Télécharger", "Descarregar", "Baixar", "ダウンロード", "다운로드", "下载", "下載"],
  Screenshot: ["Screenshot", "Captura de pantalla", "Capture d'écran", "Captura de ecrã", "Captura de tela", "スクリーンショット", "스크린샷", "截图", "截圖"],
  "Copy link": ["Link kopieren", "Copiar enlace", "Copier le lien", "Copiar ligação", "Copiar link", "リンクをコピー", "링크 복사", "复制链接", "複製連結"],
  Fullscreen: ["Vollbild", "Pantalla completa", "Plein écran", "Ecrã inteiro", "Tela cheia", "全画面", "전체 화면", "全屏", "全螢幕"],
  Clear: ["Löschen", "Limpiar", "Effacer", "Limpar", "Limpar", "クリア", "지우기", "清除", "清除"],
  Cancel: ["Abbrechen", "Cancelar", "Annuler", "Cancelar", "Cancelar", "キャンセル", "취소", "取消", "取消"],
  Close: ["Schließen", "Cerrar", "Fermer", "Fechar", "Fechar", "閉じる", "닫기", "关闭", "關閉"],
  Retry: ["Wiederholen", "Reintentar", "Réessayer", "Tentar novamente", "Tentar novamente", "再試行", "다시 시도", "重试", "重試"],
  Restart: ["Neu starten", "Reiniciar", "Redémarrer", "Reiniciar", "Reiniciar", "再起動", "다시 시작", "重新启动", "重新啟動"],

  // Names for screen readers
  Recording: ["Aufzeichnung", "Grabación", "Enregistrement", "Gravação", "Gravação", "記録", "기록", "记录", "記錄"],
  "Rerun viewer": [
    "Rerun-Viewer", "Visor de Rerun", "Visionneuse Rerun", "Visualizador do Rerun", "Visualizador do Rerun",
    "Rerun ビューアー", "Rerun 뷰어", "Rerun 查看器", "Rerun 檢視器",
  ],
  "Press Enter to control the viewer with the keyboard, and Escape to leave it": [
    "Mit der Eingabetaste steuern Sie den Viewer über die Tastatur, mit Escape verlassen Sie ihn",
    "Pulse Intro para controlar el visor con el teclado y Escape para salir de él",
    "Appuyez sur Entrée pour contrôler la visionneuse au clavier, et sur Échap pour la quitter",
    "Prima Enter para controlar o visualizador com o teclado e Escape para sair",
    "Pressione Enter para controlar o visualizador com o teclado e Escape para sair",
    "Enter キーを押すとキーボードでビューアーを操作でき、Escape キーを押すと元に戻ります",
    "Enter 키를 누르면 키보드로 뷰어를 조작하고, Escape 키를 누르면 뷰어에서 나갑니다",
    "按 Enter 键可用键盘控制查看器，按 Escape 键离开",
    "按 Enter 鍵可用鍵盤控制檢視器，按 Escape 鍵離開",
  ],

  // The controls of the time
  "Time controls": ["Zeitsteuerung", "Controles de tiempo", "Commandes temporelles", "Controlos de tempo", "Controles de tempo", "時刻の操作", "시간 컨트롤", "时间控件", "時間控制項"],
  "Play recording": ["Aufzeichnung abspielen", "Reproducir la grabación", "Lire l'enregistrement", "Reproduzir a gravação", "Reproduzir a gravação", "記録を再生", "기록 재생", "播放记录", "播放記錄"],
  "Pause recording": ["Aufzeichnung anhalten", "Pausar la grabación", "Mettre l'enregistrement en pause", "Pausar a gravação", "Pausar a gravação", "記録を一時停止", "기록 일시정지", "暂停记录", "暫停記錄"],
  "Previous time": ["Vorherige Zeit", "Tiempo anterior", "Temps précédent", "Tempo anterior", "Tempo anterior", "前の時刻", "이전 시간", "上一时间", "上一時間"],
  "Next time": ["Nächste Zeit", "Tiempo siguiente", "Temps suivant", "Tempo seguinte", "Próximo tempo", "次の時刻", "다음 시간", "下一时间", "下一時間"],
  "Time cursor": ["Zeitcursor", "Cursor de tiempo", "Curseur temporel", "Cursor de tempo", "Cursor de tempo", "時刻カーソル", "시간 커서", "时间游标", "時間游標"],
  "Active timeline": ["Aktive Zeitachse", "Línea de tiempo activa", "Chronologie active", "Linha do tempo ativa", "Linha do tempo ativa", "使用中のタイムライン", "활성 타임라인", "当前时间线", "目前時間線"],

  // The drop zone
  "Drop Recording Here": [
    "Aufzeichnung hier ablegen", "Coloque la grabación aquí", "Déposez l'enregistrement ici", "Solte a gravação aqui", "Solte a gravação aqui",
    "記録をここにドロップ", "기록을 여기에 드롭", "将记录拖放到此处", "拖放記錄至此處",
  ],
  "Drop Recordings Here": [
    "Aufzeichnungen hier ablegen", "Coloque las grabaciones aquí", "Déposez les enregistrements ici", "Solte as gravações aqui", "Solte as gravações aqui",
    "記録をここにドロップ", "기록을 여기에 드롭", "将记录拖放到此处", "拖放記錄至此處",
  ],
  "Drop Folder Here": [
    "Ordner hier ablegen", "Coloque la carpeta aquí", "Déposez le dossier ici", "Solte a pasta aqui", "Solte a pasta aqui",
    "フォルダーをここにドロップ", "폴더를 여기에 드롭", "将文件夹拖放到此处", "拖放資料夾至此處",
  ],
  or: ["oder", "o", "ou", "ou", "ou", "または", "또는", "或", "或"],
  "Click to Upload": [
    "Hochladen", "Haga clic para cargar", "Cliquez pour télécharger un fichier", "Clique para carregar", "Clique para fazer upload",
    "クリックしてアップロード", "클릭하여 업로드", "点击上传", "點擊上傳",
  ],

  // States
  "No recording": [
    "Keine Aufzeichnung", "Ninguna grabación", "Aucun enregistrement", "Nenhuma gravação", "Nenhuma gravação",
    "記録がありません", "기록 없음", "没有记录", "沒有記錄",
  ],
  "{count} recordings": [
    "{count} Aufzeichnungen", "{count} grabaciones", "{count} enregistrements", "{count} gravações", "{count} gravações",
    "{count} 件の記録", "기록 {count}개", "{count} 个记录", "{count} 個記錄",
  ],
  "Loading {name}": [
    "Laden: {name}", "Cargando: {name}", "Chargement : {name}", "A carregar: {name}", "Carregando: {name}",
    "読み込み中: {name}", "로딩 중: {name}", "加载中：{name}", "載入中：{name}",
  ],
  "Loaded {name}": [
    "Geladen: {name}", "Carga completa: {name}", "Chargement terminé : {name}", "Carregamento concluído: {name}", "Carregamento concluído: {name}",
    "読み込み完了: {name}", "로딩 완료: {name}", "加载完成：{name}", "載入完成：{name}",
  ],
  "Converting {name}": [
    "Umwandeln: {name}", "Convirtiendo: {name}", "Conversion : {name}", "A converter: {name}", "Convertendo: {name}",
    "変換中: {name}", "변환 중: {name}", "转换中：{name}", "轉換中：{name}",
  ],
  "Preparing {name}": [
    "Vorbereiten: {name}", "Preparando: {name}", "Préparation : {name}", "A preparar: {name}", "Preparando: {name}",
    "準備中: {name}", "준비 중: {name}", "准备中：{name}", "準備中：{name}",
  ],
  "Loading the viewer": [
    "Viewer wird geladen", "Cargando el visor", "Chargement de la visionneuse", "A carregar o visualizador", "Carregando o visualizador",
    "ビューアーを読み込み中", "뷰어 로딩 중", "正在加载查看器", "正在載入檢視器",
  ],
  "Starting the viewer": [
    "Viewer wird gestartet", "Iniciando el visor", "Démarrage de la visionneuse", "A iniciar o visualizador", "Iniciando o visualizador",
    "ビューアーを起動中", "뷰어 시작 중", "正在启动查看器", "正在啟動檢視器",
  ],
  "{what}: {loaded} of {total} ({percent} %)": [
    "{what}: {loaded} von {total} ({percent} %)", "{what}: {loaded} de {total} ({percent} %)", "{what} : {loaded} sur {total} ({percent} %)",
    "{what}: {loaded} de {total} ({percent} %)", "{what}: {loaded} de {total} ({percent} %)",
    "{what}: {loaded} / {total} ({percent} %)", "{what}: {loaded} / {total} ({percent} %)",
    "{what}：{loaded} / {total}（{percent} %）", "{what}：{loaded} / {total}（{percent} %）",
  ],

  // Links to what the page shows
  "Link copied": ["Link kopiert", "Enlace copiado", "Lien copié", "Ligação copiada", "Link copiado", "リンクをコピーしました", "링크가 복사되었습니다", "链接已复制", "已複製連結"],
  "Copy this link": [
    "Diesen Link kopieren", "Copie este enlace", "Copiez ce lien", "Copie esta ligação", "Copie este link",
    "このリンクをコピーしてください", "이 링크를 복사하세요", "请复制此链接", "請複製此連結",
  ],
  "The recording of this link is not here: {name}.": [
    "Die Aufzeichnung dieses Links ist nicht hier: {name}.", "La grabación de este enlace no está aquí: {name}.", "L'enregistrement de ce lien n'est pas ici : {name}.",
    "A gravação desta ligação não está aqui: {name}.", "A gravação deste link não está aqui: {name}.",
    "このリンクの記録はここにありません: {name}。", "이 링크의 기록이 여기에 없습니다: {name}.", "此链接的记录不在这里：{name}。", "此連結的記錄不在這裡：{name}。",
  ],
  "This link is for another recording: {name}. This one shows the same time.": [
    "Dieser Link gehört zu einer anderen Aufzeichnung: {name}. Diese hier zeigt dieselbe Zeit.",
    "Este enlace es de otra grabación: {name}. Esta muestra el mismo tiempo.",
    "Ce lien est celui d'un autre enregistrement : {name}. Celui-ci montre le même temps.",
    "Esta ligação é de outra gravação: {name}. Esta mostra o mesmo tempo.", "Este link é de outra gravação: {name}. Esta mostra o mesmo tempo.",
    "このリンクは別の記録のものです: {name}。この記録は同じ時刻を表示しています。", "이 링크는 다른 기록의 것입니다: {name}. 이 기록은 같은 시간을 표시합니다.",
    "此链接属于另一个记录：{name}。当前记录显示相同的时间。", "此連結屬於另一個記錄：{name}。目前的記錄顯示相同的時間。",
  ],

  // Titles of failures
  "A recording could not be opened": [
    "Eine Aufzeichnung konnte nicht geöffnet werden", "No se pudo abrir una grabación", "Un enregistrement n'a pas pu être ouvert",
    "Não foi possível abrir uma gravação", "Não foi possível abrir uma gravação",
    "記録を開けませんでした", "기록을 열 수 없습니다", "无法打开记录", "無法開啟記錄",
  ],
  "{count} recordings could not be opened": [
    "{count} Aufzeichnungen konnten nicht geöffnet werden", "No se pudieron abrir {count} grabaciones", "{count} enregistrements n'ont pas pu être ouverts",
    "Não foi possível abrir {count} gravações", "Não foi possível abrir {count} gravações",
    "{count} 件の記録を開けませんでした", "기록 {count}개를 열 수 없습니다", "无法打开 {count} 个记录", "無法開啟 {count} 個記錄",
  ],
  "A recording is incomplete": [
    "Eine Aufzeichnung ist unvollständig", "Una grabación está incompleta", "Un enregistrement est incomplet",
    "Uma gravação está incompleta", "Uma gravação está incompleta",
    "記録が不完全です", "기록이 불완전합니다", "记录不完整", "記錄不完整",
  ],
  "{count} recordings are incomplete": [
    "{count} Aufzeichnungen sind unvollständig", "{count} grabaciones están incompletas", "{count} enregistrements sont incomplets",
    "{count} gravações estão incompletas", "{count} gravações estão incompletas",
    "{count} 件の記録が不完全です", "기록 {count}개가 불완전합니다", "{count} 个记录不完整", "{count} 個記錄不完整",
  ],
  "The viewer could not be started": [
    "Der Viewer konnte nicht gestartet werden", "No se pudo iniciar el visor", "La visionneuse n'a pas pu démarrer",
    "Não foi possível iniciar o visualizador", "Não foi possível iniciar o visualizador",
    "ビューアーを起動できませんでした", "뷰어를 시작할 수 없습니다", "无法启动查看器", "無法啟動檢視器",
  ],
  "The viewer could not replace its recordings": [
    "Der Viewer konnte seine Aufzeichnungen nicht ersetzen", "El visor no pudo reemplazar sus grabaciones",
    "La visionneuse n'a pas pu remplacer ses enregistrements", "O visualizador não conseguiu substituir as suas gravações",
    "O visualizador não conseguiu substituir suas gravações",
    "ビューアーの記録を置き換えられませんでした", "뷰어의 기록을 바꿀 수 없습니다", "查看器无法替换其记录", "檢視器無法取代其記錄",
  ],
  "The viewer stopped": [
    "Der Viewer wurde unerwartet beendet", "El visor se ha detenido", "La visionneuse s'est arrêtée", "O visualizador parou", "O visualizador parou",
    "ビューアーが停止しました", "뷰어가 중지되었습니다", "查看器已停止", "檢視器已停止",
  ],

  // Uploads that fail
  "Expected one file, got {count}.": [
    "Erwartet wurde eine Datei, es sind {count}.", "Se esperaba un archivo, se recibieron {count}.", "Un seul fichier était attendu, il y en a {count}.",
    "Era esperado um ficheiro, foram recebidos {count}.", "Era esperado um arquivo, foram recebidos {count}.",
    "ファイルは 1 つだけ指定してください（{count} 個指定されました）。", "파일은 하나여야 하는데 {count}개입니다.", "只能上传一个文件，收到 {count} 个。", "只能上傳一個檔案，收到 {count} 個。",
  ],
  "{name} is none of the types that can be uploaded: {types}.": [
    "{name} hat keinen der Typen, die hochgeladen werden können: {types}.", "{name} no es de ninguno de los tipos que se pueden cargar: {types}.",
    "{name} n'est d'aucun des types acceptés : {types}.", "{name} não é de nenhum dos tipos que podem ser carregados: {types}.",
    "{name} não é de nenhum dos tipos aceitos para upload: {types}.",
    "{name} はアップロードできる種類ではありません: {types}", "{name}은(는) 업로드할 수 있는 형식이 아닙니다: {types}.",
    "{name} 不是可上传的文件类型：{types}。", "{name} 不是可上傳的檔案類型：{types}。",
  ],
  "{name} is too big: the app takes files of up to {limit} MB.": [
    "{name} ist zu groß: Die App nimmt Dateien bis {limit} MB an.", "{name} es demasiado grande: la aplicación acepta archivos de hasta {limit} MB.",
    "{name} est trop volumineux : l'application accepte des fichiers jusqu'à {limit} MB.",
    "{name} é demasiado grande: a aplicação aceita ficheiros até {limit} MB.", "{name} é grande demais: o aplicativo aceita arquivos de até {limit} MB.",
    "{name} は大きすぎます。アプリが受け付けるのは {limit} MB までです。", "{name}이(가) 너무 큽니다. 앱은 {limit} MB까지의 파일을 받습니다.",
    "{name} 太大：应用最多接受 {limit} MB 的文件。", "{name} 太大：應用程式最多接受 {limit} MB 的檔案。",
  ],
  "{name} is too big: {reason}.": [
    "{name} ist zu groß: {reason}.", "{name} es demasiado grande: {reason}.", "{name} est trop volumineux : {reason}.",
    "{name} é demasiado grande: {reason}.", "{name} é grande demais: {reason}.",
    "{name} は大きすぎます: {reason}", "{name}이(가) 너무 큽니다: {reason}.", "{name} 太大：{reason}。", "{name} 太大：{reason}。",
  ],
  "{name} could not be uploaded: you are not logged in any more. Please reload the page.": [
    "{name} konnte nicht hochgeladen werden: Sie sind nicht mehr angemeldet. Bitte laden Sie die Seite neu.",
    "No se pudo cargar {name}: su sesión ha terminado. Vuelva a cargar la página.",
    "{name} n'a pas pu être téléversé : vous n'êtes plus connecté. Veuillez recharger la page.",
    "Não foi possível carregar {name}: a sua sessão terminou. Recarregue a página.",
    "Não foi possível fazer upload de {name}: sua sessão terminou. Recarregue a página.",
    "{name} をアップロードできませんでした。ログインの有効期限が切れています。ページを再読み込みしてください。",
    "{name}을(를) 업로드할 수 없습니다. 로그인이 만료되었습니다. 페이지를 새로 고치세요.",
    "无法上传 {name}：您已不再登录。请重新加载页面。", "無法上傳 {name}：您已不再登入。請重新載入頁面。",
  ],
  "{name} could not be uploaded: the connection to the server was lost.": [
    "{name} konnte nicht hochgeladen werden: Die Verbindung zum Server wurde unterbrochen.", "No se pudo cargar {name}: se perdió la conexión con el servidor.",
    "{name} n'a pas pu être téléversé : la connexion au serveur a été perdue.", "Não foi possível carregar {name}: a ligação ao servidor foi perdida.",
    "Não foi possível fazer upload de {name}: a conexão com o servidor foi perdida.",
    "{name} をアップロードできませんでした。サーバーとの接続が切れました。", "{name}을(를) 업로드할 수 없습니다. 서버와의 연결이 끊어졌습니다.",
    "无法上传 {name}：与服务器的连接已断开。", "無法上傳 {name}：與伺服器的連線已中斷。",
  ],
  "{name} could not be uploaded: the server answered {answer}.": [
    "{name} konnte nicht hochgeladen werden: Der Server antwortete {answer}.", "No se pudo cargar {name}: el servidor respondió {answer}.",
    "{name} n'a pas pu être téléversé : le serveur a répondu {answer}.", "Não foi possível carregar {name}: o servidor respondeu {answer}.",
    "Não foi possível fazer upload de {name}: o servidor respondeu {answer}.",
    "{name} をアップロードできませんでした。サーバーの応答: {answer}", "{name}을(를) 업로드할 수 없습니다. 서버 응답: {answer}.",
    "无法上传 {name}：服务器返回 {answer}。", "無法上傳 {name}：伺服器回應 {answer}。",
  ],
  "The upload failed: {reason}": [
    "Das Hochladen ist fehlgeschlagen: {reason}", "Error al cargar: {reason}", "Le téléversement a échoué : {reason}",
    "O carregamento falhou: {reason}", "Falha no upload: {reason}",
    "アップロードに失敗しました: {reason}", "업로드에 실패했습니다: {reason}", "上传失败：{reason}", "上傳失敗：{reason}",
  ],
};

/** @typedef {Record<string, string | number | undefined>} Values of the placeholders in a text */

/** The language of the page, which Gradio writes there: that of the browser, or the one that the user has chosen. "en" if the table has no column for it. */
export function language() {
  const { lang } = document.documentElement;
  return [lang, lang.split("-")[0]].find((each) => LANGUAGES.includes(each)) ?? "en";
}

/** A text in the language of the page. @param {string} text in English @param {Values} [values] */
export function translate(text, values) {
  return fill(WORDS[text]?.[LANGUAGES.indexOf(language())] ?? text, values);
}

/** @param {string} text @param {Values} [values] */
export function fill(text, values = {}) {
  return text.replace(/\{(\w+)\}/g, (_, name) => plain(String(values[name])));
}

/** Characters of a text that anyone may have written. */
const LONGEST = 2_000;

/** Characters that change the direction of the text behind them. */
const TURNS = /[\u202a-\u202e\u2066-\u2069]/g;

/** A text from a recording, a server, a file or a link as the page shows it: with a limited length, and without an effect on the text behind it. @param {string} text */
export function plain(text) {
  return (text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text).replace(TURNS, "");
}

/** Calls back when the page has another language. Returns a function that ends this. @param {() => void} onChange */
export function observeLanguage(onChange) {
  let before = language();
  const observer = new MutationObserver(() => {
    if (before === language()) return;
    before = language();
    onChange();
  });
  observer.observe(document.documentElement, { attributeFilter: ["lang"] });
  return () => observer.disconnect();
}
