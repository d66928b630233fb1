// The texts of the dashboard in Spanish, by the English ones. tests/browser finds one that is missing or not used any more.
// SPDX-License-Identifier: Apache-2.0
export const spanish = {
  // the shell
  "Skip to content": "Saltar al contenido", "Sections": "Secciones", "Overview": "Resumen", "Boards": "Tableros", "Views": "Vistas", "Reports": "Informes",
  "SQL": "SQL", "Topology": "Topología", "Problems": "Problemas", "Metrics": "Métricas", "connecting": "conectando", "Español": "English", "ES": "EN",
  "Switch between light and dark": "Cambiar entre claro y oscuro", "Sign out": "Cerrar sesión",
  "Weir {version} · instance {instance}": "Weir {version} · instancia {instance}", "{n} apps running": "{n} aplicaciones en marcha", "no apps": "sin aplicaciones",
  "signed out": "sesión cerrada", "not for this key": "no permitido con esta clave", "not reachable": "sin conexión",
  // signing in, refusals
  "Sign in": "Iniciar sesión", "API key or token": "Clave de API o token", "The key is not valid any more.": "La clave ya no es válida.",
  "Nobody is known by this key.": "Nadie tiene esta clave.", "The server cannot be reached.": "No se puede conectar con el servidor.",
  "Not for this role": "No permitido a este rol", "Not answered": "Sin respuesta",
  "The key you signed in with may not see this. An administrator of this instance can change its role.":
    "La clave con la que ha iniciado sesión no puede ver esto. Un administrador de esta instancia puede cambiar su rol.",
  // states and times
  "error": "error", "failing": "fallando", "not running": "parado", "stopping": "parando", "rebalancing": "reequilibrando", "created": "creado", "running": "en marcha", "paused": "en pausa",
  "restoring": "restaurando", "standby": "en reserva", "now": "ahora", "in {span}": "en {span}", "{span} ago": "hace {span}",
  // overview
  "Alerts": "Avisos", "Records per second": "Registros por segundo", "Lag": "Retraso", "Freshness": "Actualidad", "Tasks": "Tareas", "Dropped": "Descartados",
  "Dead letters": "Mensajes fallidos", "Throughput": "Rendimiento", "Instances": "Instancias", "records per second, all tasks of this instance": "registros por segundo, todas las tareas de esta instancia",
  "Records per second over the last two minutes": "Registros por segundo en los últimos dos minutos", "work and what is still to be read, per partition": "el trabajo y lo que queda por leer, por partición",
  "of each app, and what they hold": "de cada aplicación, y lo que tienen", "{n} in all": "{n} en total", "records to be read": "registros por leer", "behind now: {app}": "más atrasada: {app}",
  "all running": "todas en marcha", "{n} restoring": "{n} restaurando", "nothing": "nada", "for {n} reason": "por {n} motivo", "for {n} reasons": "por {n} motivos",
  "the latest failures": "los últimos fallos", "none": "ninguno", "Hot keys": "Claves calientes", "of many of the latest records of a partition": "de muchos de los últimos registros de una partición", "No tasks are here": "Aquí no hay tareas", "restored": "restaurado", "{n} left": "faltan {n}", "this one": "esta",
  "{n} task": "{n} tarea", "{n} tasks": "{n} tareas", "{n} record is still to be read": "Queda {n} registro por leer", "{n} records are still to be read": "Quedan {n} registros por leer",
  "{n} dead letter": "{n} mensaje fallido", "{n} dead letters": "{n} mensajes fallidos",
  "{n} key waits for a replay": "{n} clave espera un reenvío", "{n} keys wait for a replay": "{n} claves esperan un reenvío",
  // heads of columns
  "task": "tarea", "app": "aplicación", "state": "estado", "records/s": "registros/s", "records": "registros", "lag": "retraso", "stream time": "hora del flujo", "instance": "instancia",
  "tasks": "tareas", "standbys": "reservas", "key": "clave", "value": "valor", "window start": "inicio de la ventana", "end": "fin", "updated": "actualizado", "failed": "fallo",
  "share": "parte", "topic": "tópico", "partition": "partición", "offset": "posición", "reason": "motivo", "message": "mensaje", "trace": "traza",
  // boards, views, answers
  "Nothing yet": "Nada todavía", "Nothing now": "Nada por ahora", "Only a part: other partitions are elsewhere": "Solo una parte: hay otras particiones en otro lugar", "No views": "No hay vistas", "No rows": "No hay filas",
  "about {n} row": "alrededor de {n} fila", "about {n} rows": "alrededor de {n} filas", "{n} row": "{n} fila", "{n} rows": "{n} filas", "View": "Vista", "windows": "ventanas", "sessions": "sesiones",
  "key → value": "clave → valor", "key-value": "clave-valor", "exact key": "clave exacta", "prefix of a key": "comienzo de una clave", "from key": "desde la clave", "begins with": "empieza por",
  "from": "desde", "is exactly": "es exactamente", "15 minutes": "15 minutos", "1 hour": "1 hora", "6 hours": "6 horas", "everything": "todo", "Live": "En vivo", "Paused": "En pausa",
  "← Previous": "← Anterior", "Next →": "Siguiente →", "Search": "Buscar", "Windows of the last": "Ventanas de los últimos", "Sessions of the last": "Sesiones de los últimos", "Key": "Clave",
  "Rows of {view}": "Filas de {view}", "{here} of {n} partitions here": "{here} de {n} particiones aquí", "{n} partition": "{n} partición", "{n} partitions": "{n} particiones",
  "Ascending ↑": "Ascendente ↑", "Descending ↓": "Descendente ↓", "There is no such key.": "No existe esa clave.", "page {n}": "página {n}", "Answer": "Respuesta", "asking …": "preguntando …",
  "The instance cannot be reached.": "No se puede conectar con la instancia.", "no answer": "sin respuesta", "there is more than an answer holds": "hay más de lo que cabe en una respuesta",
  "{n} row in {ms} ms · {scanned} looked at": "{n} fila en {ms} ms · {scanned} examinadas", "{n} rows in {ms} ms · {scanned} looked at": "{n} filas en {ms} ms · {scanned} examinadas",
  // reports, SQL
  "Report": "Informe", "No reports": "No hay informes", "required": "obligatorio", "Run": "Ejecutar", "Plan": "Plan", "Tables": "Tablas", "Query": "Consulta", "Select from it": "Consultarla",
  "one SELECT over the views; Ctrl+Enter runs it": "un SELECT sobre las vistas; Ctrl+Intro lo ejecuta",
  // topology
  "source": "origen", "step": "paso", "sink": "destino", "store": "almacén", "Drawing of {app}": "Dibujo de {app}", "Topology {name}": "Topología {name}", "Sub-topology {id}": "Subtopología {id}",
  "lag {n}": "retraso {n}", "kind": "tipo", "once per commit": "una vez por commit", "written at": "escrito en", "topics": "tópicos", "stores": "almacenes", "to": "hasta",
  // problems
  "the latest records of this instance that could not be handled": "los últimos registros de esta instancia que no se pudieron tratar", "No record has failed": "Ningún registro ha fallado",
  "Dropped records": "Registros descartados", "by reason, since this instance started": "por motivo, desde que arrancó esta instancia", "No record was dropped": "Ningún registro se descartó",
  "Replay": "Reenvío", "each letter once, to the topic and partition it came from": "cada mensaje una vez, al tópico y la partición de donde vino", "Send {letters} again": "Enviar {letters} de nuevo",
  "{n} sent again": "{n} enviado de nuevo", "{n} were sent again": "{n} enviados de nuevo", "{n} left as it cannot be": "{n} no se puede enviar", "{n} left as they cannot be": "{n} no se pueden enviar",
};
